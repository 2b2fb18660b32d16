import { createHash, randomBytes } from 'node:crypto'

/** What a camera of 1 Mbit/s has after a second. */
export const CHUNK_BYTES = 125_000
const VARIANTS = 16

export type Chunk = { data: Buffer; sha256: string }

/** A few chunks, hashed once: the load generator must not be what is measured. */
export const CHUNKS: readonly Chunk[] = Array.from({ length: VARIANTS }, () => {
  const data = randomBytes(CHUNK_BYTES)
  return { data, sha256: createHash('sha256').update(data).digest('base64') }
})
