/** Where a NAL unit lies in a byte stream; `start` is its header byte, `end` is one past its last byte. */
export type NalSpan = { start: number; end: number; prefix: number }

/**
 * Index of the next 00 00 01 at or after `from`, or -1. Spec: H.264 B.1.1, H.265 B.2.1.
 * Looks at the third byte first: a value over 1 there rules out three positions at once.
 */
export const findStartCode = (bytes: Uint8Array, from: number, end = bytes.length): number => {
  let at = from
  while (at + 2 < end) {
    const third = bytes[at + 2]!
    if (third > 1) at += 3
    else if (third === 0) at++
    else if (bytes[at] === 0 && bytes[at + 1] === 0) return at
    else at += 3
  }
  return -1
}

/** NAL units of a byte stream without leading garbage; zeros between them (zero_byte, trailing zeros) belong to none. */
export const splitNals = (bytes: Uint8Array): NalSpan[] => {
  const spans: NalSpan[] = []
  let code = findStartCode(bytes, 0)
  while (code >= 0) {
    const start = code + 3
    const next = findStartCode(bytes, start)
    let end = next < 0 ? bytes.length : next
    while (end > start && bytes[end - 1] === 0) end--
    if (end > start) spans.push({ start, end, prefix: code > 0 && bytes[code - 1] === 0 ? 4 : 3 })
    code = next
  }
  return spans
}

/**
 * Removes emulation prevention bytes: NAL unit (header included) to RBSP. Spec: H.264 7.3.1, H.265 7.3.1.1.
 * @param maxBytes stop after so many RBSP bytes; a slice header needs only the first few
 */
export const unescapeNal = (nal: Uint8Array, maxBytes = nal.length): Uint8Array => {
  const limit = Math.min(maxBytes, nal.length)
  const out = new Uint8Array(limit)
  let length = 0
  let zeros = 0
  for (let at = 0; at < nal.length && length < limit; at++) {
    const byte = nal[at]!
    if (zeros >= 2 && byte === 3) {
      zeros = 0
      continue
    }
    zeros = byte === 0 ? zeros + 1 : 0
    out[length++] = byte
  }
  return out.subarray(0, length)
}
