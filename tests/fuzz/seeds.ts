/** Good input to start from: units and access units of both codecs, ADTS frames. */
import { annexB, concat } from '../assembly/bit-writer.ts'
import * as h264 from '../assembly/h264/build.ts'
import * as h265 from '../assembly/h265/build.ts'
import { integer, pick, type Random } from './mutate.ts'

export const H264_SPS = [
  h264.buildSps(),
  h264.buildSps({
    profile: 100,
    widthMbs: 120,
    heightUnits: 68,
    crop: [0, 0, 0, 4],
    timing: [1, 50],
  }),
  h264.buildSps({ profile: 244, chroma: 3, bitDepthLuma: 10, bitDepthChroma: 10, pocType: 0 }),
  h264.buildSps({
    profile: 110,
    scalingLists: [[0, 1, -8], undefined, [-8]],
    pocType: 1,
    pocCycle: [1, -2, 3],
  }),
  h264.buildSps({ frameMbsOnly: false, sar: [4, 3], timing: [1001, 60000] }),
]
export const H265_SPS = [
  h265.buildSps(),
  h265.buildSps({ width: 1920, height: 1088, window: [0, 0, 0, 4], timing: [1, 25] }),
  h265.buildSps({ refPicSets: 6, bitDepth: 10, profile: 2, timing: [1, 30] }),
]

/** A picture as a camera sends it. */
export const picture = (rng: Random, codec: 'h264' | 'h265', idr: boolean): Uint8Array => {
  const bytes = pick(rng, [20, 60, 180, 184, 185, 400, 1000, 3000])
  const seed = integer(rng, 1 << 30)
  const startCode = rng() < 0.8 ? [0, 0, 0, 1] : [0, 0, 1]
  const units: Uint8Array[] = []
  if (codec === 'h264') {
    if (rng() < 0.2) units.push(h264.AUD)
    if (idr && rng() < 0.9) units.push(H264_SPS[0]!, h264.buildPps())
    if (rng() < 0.2) units.push(Uint8Array.of(6, 5, 3, 1, 2, 3, 0x80))
    const slices = rng() < 0.8 ? 1 : 1 + integer(rng, 6)
    for (let i = 0; i < slices; i++)
      units.push(
        h264.buildSlice({
          idr,
          firstMb: i * 2,
          type: rng() < 0.02 ? 6 : idr ? 7 : 5,
          bytes,
          seed: seed + i,
        }),
      )
  } else {
    if (rng() < 0.2) units.push(h265.AUD)
    if (idr && rng() < 0.9) units.push(h265.buildVps(), H265_SPS[0]!, h265.buildPps())
    const nalType = idr ? pick(rng, [19, 20, 21]) : rng() < 0.05 ? 9 : 1
    const slices = rng() < 0.8 ? 1 : 1 + integer(rng, 4)
    for (let i = 0; i < slices; i++)
      units.push(
        h265.buildSegment({
          nalType,
          first: i === 0,
          address: i,
          type: idr ? 2 : rng() < 0.02 ? 0 : 1,
          bytes,
          seed: seed + i,
        }),
      )
  }
  return concat(annexB(units, startCode), rng() < 0.1 ? [0, 0] : [])
}

/** An ADTS frame of 16 kHz mono AAC-LC with this payload length. Spec: 14496-3 1.A.2.2 */
export const adts = (payload: number, rateIndex = 8, channels = 1): Uint8Array => {
  const length = payload + 7
  const frame = new Uint8Array(length).fill(0x21)
  frame.set([
    0xff,
    0xf1,
    0x40 | (rateIndex << 2),
    (channels << 6) | (length >> 11),
    (length >> 3) & 255,
    ((length & 7) << 5) | 0x1f,
    0xfc,
  ])
  return frame
}
