import { z } from 'zod'
import { refuse } from '../faults.ts'
import { DROP_POLICIES, type DropPolicy } from './drop-policy.ts'

/** A write is whole pages of flash. */
export const WRITE_UNIT = 4096
export const SPOOL_MIN_BYTES = 1024 * 1024

/** Keeps on disk what the line does not carry. Not of the specification. */
export type SpoolParameters = {
  /** folder of this device; absent: `spool` in sysInit's storePath */
  path?: string
  /** bytes on disk at most, all channels together */
  maxBytes: number
  /** bytes gathered for a write, 65536 to 1048576, a multiple of 4096; default 131072 */
  writeBytes?: number
  /** what is acknowledged within so many ms is never written; default 5000 */
  afterMs?: number
}

export const spoolSchema = z.object({
  path: z.string(refuse('must be a folder')).min(1, 'must not be empty').optional(),
  maxBytes: z
    .int(refuse('must be a whole number of bytes'))
    .min(SPOOL_MIN_BYTES, refuse(`must be at least ${SPOOL_MIN_BYTES} bytes`)),
  writeBytes: z
    .int(refuse('must be a whole number of bytes'))
    .min(64 * 1024, refuse('must be at least 65536 bytes'))
    .max(1024 * 1024, refuse('must be at most 1048576 bytes'))
    .multipleOf(WRITE_UNIT, refuse(`must be a multiple of ${WRITE_UNIT} bytes`))
    .default(128 * 1024),
  afterMs: z
    .int(refuse('must be a whole number of ms'))
    .min(0, refuse('must be at least 0 ms'))
    .max(3_600_000, refuse('must be at most 3600000 ms'))
    .default(5000),
})
export type CheckedSpool = z.infer<typeof spoolSchema>

export const dropPolicySchema = z.enum(
  DROP_POLICIES,
  refuse(`must be one of ${DROP_POLICIES.join(', ')}`),
)

/** With a spool events outlive the rest; without one what is there stays, as the specification has it. */
export const defaultDropPolicy = (hasSpool: boolean): DropPolicy =>
  hasSpool ? 'non-event-first' : 'newest'
