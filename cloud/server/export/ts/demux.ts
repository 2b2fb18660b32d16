const PACKET_BYTES = 188
const SYNC = 0x47
const PAT_PID = 0

/** Stream types that slices have. Spec: 13818-1 Table 2-34. */
const STREAM_TYPES: Record<number, Codec> = { 27: 'h264', 36: 'h265', 15: 'aac' }

export type Codec = 'h264' | 'h265' | 'aac'

/** One PES packet's payload with its time, 90 kHz, 33 bits. */
export type Pes = { codec: Codec; pts: number; dts: number; data: Uint8Array }

type Stream = { codec: Codec; parts: Uint8Array[] }

/** Spec: 13818-1 2.4.3.7: 33 bits in 3, 15 and 15, a marker behind each. */
const timestamp = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! >> 1) & 7) * 2 ** 30 +
  (((bytes[at + 1]! << 7) | (bytes[at + 2]! >> 1)) << 15) +
  ((bytes[at + 3]! << 7) | (bytes[at + 4]! >> 1))

const readPes = ({ codec, parts }: Stream): Pes | undefined => {
  const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  if (bytes.length < 9 || bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== 1) return undefined
  const flags = bytes[7]! >> 6
  const start = 9 + bytes[8]!
  if ((flags & 2) === 0 || start > bytes.length) return undefined
  const pts = timestamp(bytes, 9)
  const dts = flags === 3 ? timestamp(bytes, 14) : pts
  const length = (bytes[4]! << 8) | bytes[5]!
  const end = length === 0 ? bytes.length : Math.min(bytes.length, 6 + length)
  return { codec, pts, dts, data: bytes.subarray(start, end) }
}

/** Section of a packet that starts one: PAT and PMT of slices fit into one packet. Spec: 13818-1 2.4.4. */
const section = (payload: Uint8Array): Uint8Array => {
  const start = 1 + (payload[0] ?? 0)
  const length = (((payload[start + 1] ?? 0) & 0x0f) << 8) | (payload[start + 2] ?? 0)
  // without the CRC
  return payload.subarray(start, Math.min(payload.length, start + 3 + length - 4))
}

/** Takes transport packets apart into PES packets. A stretch that begins with PAT and PMT, as each GOP of a slice does, can be read by itself. */
export const demux = (bytes: Uint8Array): Pes[] => {
  const found: Pes[] = []
  const streams = new Map<number, Stream>()
  let pmtPid = -1
  const finish = (stream: Stream): void => {
    const pes = stream.parts.length > 0 ? readPes(stream) : undefined
    if (pes) found.push(pes)
    stream.parts = []
  }
  for (let at = 0; at + PACKET_BYTES <= bytes.length; at += PACKET_BYTES) {
    if (bytes[at] !== SYNC) break
    const pid = ((bytes[at + 1]! & 0x1f) << 8) | bytes[at + 2]!
    const starts = (bytes[at + 1]! & 0x40) !== 0
    const control = (bytes[at + 3]! >> 4) & 3
    if ((control & 1) === 0) continue
    const skipped = control === 3 ? 1 + bytes[at + 4]! : 0
    const payload = bytes.subarray(at + 4 + skipped, at + PACKET_BYTES)
    if (pid === PAT_PID && starts) {
      const pat = section(payload)
      for (let entry = 8; entry + 4 <= pat.length; entry += 4)
        if (pat[entry] !== 0 || pat[entry + 1] !== 0)
          pmtPid = ((pat[entry + 2]! & 0x1f) << 8) | pat[entry + 3]!
    } else if (pid === pmtPid && starts) {
      const pmt = section(payload)
      const info = ((pmt[10]! & 0x0f) << 8) | pmt[11]!
      for (let entry = 12 + info; entry + 5 <= pmt.length; ) {
        const codec = STREAM_TYPES[pmt[entry]!]
        const elementary = ((pmt[entry + 1]! & 0x1f) << 8) | pmt[entry + 2]!
        if (codec && !streams.has(elementary)) streams.set(elementary, { codec, parts: [] })
        entry += 5 + (((pmt[entry + 3]! & 0x0f) << 8) | pmt[entry + 4]!)
      }
    } else {
      const stream = streams.get(pid)
      if (!stream) continue
      if (starts) finish(stream)
      if (starts || stream.parts.length > 0) stream.parts.push(payload)
    }
  }
  for (const stream of streams.values()) finish(stream)
  return found
}
