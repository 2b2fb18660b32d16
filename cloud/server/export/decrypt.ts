import { createDecipheriv } from 'node:crypto'
import type { Segment } from '../hls/segments.ts'
import type { Slice } from '../store/index/types.ts'

const BLOCK_BYTES = 16

/** Without the padding that ends a whole piece; the last one of a slice that was cut has none. Spec: RFC 5652 6.3. */
const unpad = (bytes: Uint8Array): Uint8Array => {
  const count = bytes.at(-1) ?? 0
  const isPadded =
    count >= 1 && count <= BLOCK_BYTES && bytes.subarray(-count).every((byte) => byte === count)
  return isPadded ? bytes.subarray(0, -count) : bytes
}

/** A segment as it was before its device encrypted it. Spec: RFC 8216 4.3.2.4, docs/PROTOCOL.md. */
export const decryptSegment = (
  slice: Pick<Slice, 'encryption'>,
  segment: Pick<Segment, 'key'>,
  bytes: Uint8Array,
): Uint8Array => {
  const key = slice.encryption?.key
  if (!segment.key || key === undefined) return bytes
  const iv = Buffer.from(segment.key.iv, 'hex')
  const decipher = createDecipheriv('aes-128-cbc', Buffer.from(key, 'hex'), iv)
  decipher.setAutoPadding(false)
  const whole = bytes.length - (bytes.length % BLOCK_BYTES)
  return unpad(Uint8Array.from(decipher.update(bytes.subarray(0, whole))))
}
