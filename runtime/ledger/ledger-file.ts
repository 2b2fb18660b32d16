import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { z } from 'zod'
import { lossIdSchema, lossSchema } from '../mqtt/messages.ts'
import { shiftStateSchema } from './shift-log.ts'

const stateSchema = z.object({
  version: z.literal(1),
  entries: z.array(
    z.object({
      loss: lossSchema,
      /** slice whose upload would bring it back */
      slice: z.string().optional(),
      isReported: z.boolean(),
    }),
  ),
  withdrawn: z.array(lossIdSchema),
  isPurgeDue: z.boolean(),
  /** corrections of clocks that the cloud does not know yet */
  shifts: shiftStateSchema,
  /** channels that were recording, and up to when all that they recorded was safe */
  recording: z.array(z.object({ channel: z.int(), safeMs: z.number() })),
})
export type LedgerState = z.infer<typeof stateSchema>

/**
 * The ledger on disk: one line with the checksum of what follows, then JSON. It is written beside itself and renamed, so that there is always a whole one.
 */
export class LedgerFile {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** What was kept; undefined when there is nothing, or nothing that can be trusted. Throws when the disk does. */
  read(): LedgerState | undefined {
    let text: string
    try {
      text = readFileSync(this.#path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
    const at = text.indexOf('\n')
    const body = text.slice(at + 1)
    if (at < 0 || text.slice(0, at) !== sumOf(body)) return undefined
    const state = stateSchema.safeParse(JSON.parse(body))
    return state.success ? state.data : undefined
  }

  write(state: LedgerState): void {
    const body = JSON.stringify(state)
    const partial = `${this.#path}.new`
    mkdirSync(dirname(this.#path), { recursive: true })
    const fd = openSync(partial, 'w')
    try {
      const bytes = Buffer.from(`${sumOf(body)}\n${body}`)
      if (writeSync(fd, bytes) !== bytes.length) throw new Error('the disk took only a part of it')
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
    renameSync(partial, this.#path)
  }
}

const sumOf = (body: string): string => crc32(body).toString(16).padStart(8, '0')
