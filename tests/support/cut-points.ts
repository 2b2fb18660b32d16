const TS_PACKET = 188
// Spec: 13818-1 Table 2-22, the upper bits of stream_id
const VIDEO_STREAM_IDS = { mask: 0xf0, is: 0xe0 }
const AUDIO_STREAM_IDS = { mask: 0xe0, is: 0xc0 }

/** Where PES packets of these streams begin. */
const pesStarts = (bytes: Buffer, { mask, is }: typeof VIDEO_STREAM_IDS): number[] => {
  const starts: number[] = []
  for (let at = 0; at + TS_PACKET <= bytes.length; at += TS_PACKET) {
    const payloadStart = (bytes[at + 1]! & 0x40) !== 0
    const payload = at + 4 + ((bytes[at + 3]! & 0x20) !== 0 ? 1 + bytes[at + 4]! : 0)
    const isPes =
      payloadStart && payload + 4 <= at + TS_PACKET && bytes.readUIntBE(payload, 3) === 1
    if (isPes && (bytes[payload + 3]! & mask) === is) starts.push(at)
  }
  return starts
}

/** Offsets at which a picture is whole, in order: the start of the next video PES, or the end of the slice. */
export const wholeInTs = (bytes: Buffer): number[] => [
  ...pesStarts(bytes, VIDEO_STREAM_IDS).slice(1),
  bytes.length,
]

/** Whether sound has begun: the stream announces it in its first packets, its parameters come with its first frame. */
export const hasSoundInTs = (bytes: Buffer): boolean =>
  pesStarts(bytes, AUDIO_STREAM_IDS).length > 0

/** Offsets at which a fragment is whole, each repeated for the pictures in it. */
export const wholeInFmp4 = (bytes: Buffer): number[] => {
  const whole: number[] = []
  let samples = 0
  for (let at = 0; at + 8 <= bytes.length; ) {
    const size = bytes.readUInt32BE(at)
    const type = bytes.toString('latin1', at + 4, at + 8)
    if (type === 'moof') samples = bytes.readUInt32BE(bytes.indexOf('trun', at) + 8)
    at += size
    if (type === 'mdat') for (let i = 0; i < samples; i++) whole.push(at)
  }
  return whole
}
