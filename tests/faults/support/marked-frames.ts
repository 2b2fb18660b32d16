import { idr, p } from '../../core-wasm/synthetic.ts'

/** A number that can be found again wherever the picture's bytes end up; no byte is zero, so that no start code appears. */
const MARK = [0xf1, 0xa5, 0xf2, 0xa6]
const DIGITS = 8

const digitsOf = (number: number): number[] =>
  Array.from({ length: DIGITS }, (_, at) => 0xc0 | ((number >>> (4 * (DIGITS - 1 - at))) & 15))

/** A picture with right syntax and its number in it. */
export const markedFrame = (number: number, isKey: boolean, bytes: number): Uint8Array => {
  const frame = isKey ? idr(bytes) : p(bytes, number % 16)
  frame.set([...MARK, ...digitsOf(number)], frame.length - MARK.length - DIGITS)
  return frame
}

const TS_PACKET = 188

/** Payload of the video's packets, one behind the other. */
const videoPayload = (ts: Buffer): Buffer => {
  const parts: Buffer[] = []
  let videoPid = -1
  for (let at = 0; at + TS_PACKET <= ts.length; at += TS_PACKET) {
    const pid = ts.readUInt16BE(at + 1) & 0x1fff
    const head = 4 + (ts[at + 3]! & 0x20 ? 1 + ts[at + 4]! : 0)
    const payload = ts.subarray(at + head, at + TS_PACKET)
    const isStart = (ts[at + 1]! & 0x40) !== 0
    if (videoPid < 0 && isStart && payload.readUIntBE(0, 3) === 1 && (payload[3]! & 0xf0) === 0xe0)
      videoPid = pid
    if (pid === videoPid && (ts[at + 3]! & 0x10) !== 0) parts.push(payload)
  }
  return Buffer.concat(parts)
}

/** Numbers of the pictures in a file, in the order in which they are there. */
export const numbersIn = (format: 'ts' | 'fmp4', file: Buffer): number[] => {
  const bytes = format === 'ts' ? videoPayload(file) : file
  const mark = Buffer.from(MARK)
  const numbers: number[] = []
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 1)) {
    const digits = bytes.subarray(at + MARK.length, at + MARK.length + DIGITS)
    if (digits.length === DIGITS && digits.every((digit) => (digit & 0xf0) === 0xc0))
      numbers.push(digits.reduce((number, digit) => number * 16 + (digit & 15), 0))
  }
  return numbers
}
