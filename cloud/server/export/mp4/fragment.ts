import type { Sample } from '../sample.ts'
import { box, bytesOf, fullBox, u32, u64 } from './box.ts'

/** Spec: 14496-12 8.8.3.1: depends on others and is no sync sample; depends on none. */
const DEPENDS = 0x0101_0000
const INDEPENDENT = 0x0200_0000

export type TrackRun = { id: number; samples: readonly Sample[] }

/** default-base-is-moof: offsets count from the fragment, wherever it lies. Spec: 14496-12 8.8.7. */
const TFHD_FLAGS = 0x020000
/** data offset; of each sample duration, size, flags and composition offset. Spec: 14496-12 8.8.8. */
const TRUN_FLAGS = 0x000f01
const TRUN_HEAD_BYTES = 20
const TRUN_SAMPLE_BYTES = 16
const TRAF_HEAD_BYTES = 8 + 16 + 20

const moofBytes = (runs: readonly TrackRun[]): number =>
  8 +
  16 +
  runs.reduce(
    (sum, { samples }) =>
      sum + TRAF_HEAD_BYTES + TRUN_HEAD_BYTES + TRUN_SAMPLE_BYTES * samples.length,
    0,
  )

/** One movie fragment with its data: for each track the samples of a stretch of time. Spec: 14496-12 8.8. */
export const fragment = (sequence: number, given: readonly TrackRun[]): Uint8Array => {
  const runs = given.filter(({ samples }) => samples.length > 0)
  let offset = moofBytes(runs) + 8
  const trafs = runs.map(({ id, samples }) => {
    const table = new Uint8Array(TRUN_SAMPLE_BYTES * samples.length)
    const view = new DataView(table.buffer)
    for (const [at, { data, duration, isSync, offset: later }] of samples.entries()) {
      view.setUint32(at * 16, duration)
      view.setUint32(at * 16 + 4, data.length)
      view.setUint32(at * 16 + 8, isSync ? INDEPENDENT : DEPENDS)
      view.setInt32(at * 16 + 12, later)
    }
    const traf = box(
      'traf',
      fullBox('tfhd', 0, TFHD_FLAGS, u32(id)),
      fullBox('tfdt', 1, 0, u64(samples[0]!.dts)),
      fullBox('trun', 1, TRUN_FLAGS, u32(samples.length), u32(offset), table),
    )
    offset += samples.reduce((sum, { data }) => sum + data.length, 0)
    return traf
  })
  return bytesOf(
    box('moof', fullBox('mfhd', 0, 0, u32(sequence)), ...trafs),
    box('mdat', ...runs.flatMap(({ samples }) => samples.map(({ data }) => data))),
  )
}
