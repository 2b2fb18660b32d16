import type { FaultLog } from '../check/fault-log.ts'
import { type Box, fullBox } from './box.ts'
import type { Fragment } from './fragment.ts'
import type { Mp4Track } from './init.ts'
import type { Mp4RuleId } from './rules.ts'

/** Seconds from 1900, the epoch of NTP, to 1970. Spec: RFC 5905 6 */
const NTP_TO_UNIX_S = 2_208_988_800
/** Capture time and media time drift by the camera's clock; more than this is a step. */
const CLOCK_TOLERANCE_MS = 1000

export type Prft = { trackId: number; utcMs: number; mediaTime: number }

/** ProducerReferenceTimeBox. Spec: 14496-12 8.16.5. */
export const parsePrft = (box: Box): Prft | undefined => {
  const { version, fields } = fullBox(box)
  const trackId = fields.u32()
  const seconds = fields.u32()
  const fraction = fields.u32()
  const mediaTime = version === 0 ? fields.u32() : fields.u64()
  if (fields.overrun || fields.left > 0) return undefined
  return { trackId, utcMs: (seconds - NTP_TO_UNIX_S + fraction / 2 ** 32) * 1000, mediaTime }
}

/** Judges the capture times that stand before fragments. */
export class PrftCheck {
  readonly #log: FaultLog<Mp4RuleId>
  #pending: { prft: Prft; offset: number; timescale: number } | undefined
  #last: { utcMs: number; mediaMs: number } | undefined

  constructor(log: FaultLog<Mp4RuleId>) {
    this.#log = log
  }

  box(box: Box, tracks: Map<number, Mp4Track>): void {
    const prft = parsePrft(box)
    if (!prft) {
      this.#log.report('box.fields', box.offset, 'prft is not as long as its version says')
      return
    }
    const track = tracks.get(prft.trackId)
    this.#log.expect(
      track !== undefined,
      'prft.track',
      box.offset,
      `reference_track_ID ${prft.trackId}`,
    )
    if (track) this.#pending = { prft, offset: box.offset, timescale: track.timescale }
  }

  fragment(fragment: Fragment): void {
    const pending = this.#pending
    this.#pending = undefined
    if (
      !this.#log.expect(
        pending !== undefined,
        'prft.present',
        fragment.offset,
        'fragment without prft',
      ) ||
      !pending
    )
      return
    const { prft, offset, timescale } = pending
    const run = fragment.runs.find((candidate) => candidate.track.id === prft.trackId)
    const fits = run === undefined || run.decodeTime === prft.mediaTime
    this.#log.expect(
      fits,
      'prft.time',
      offset,
      `media_time ${prft.mediaTime}, decode time ${run?.decodeTime}`,
    )
    const now = { utcMs: prft.utcMs, mediaMs: (prft.mediaTime * 1000) / timescale }
    if (this.#last) {
      const drift = now.utcMs - this.#last.utcMs - (now.mediaMs - this.#last.mediaMs)
      this.#log.expect(
        Math.abs(drift) <= CLOCK_TOLERANCE_MS,
        'prft.clock',
        offset,
        `UTC is ${drift.toFixed(0)} ms off media time`,
      )
    }
    this.#last = now
  }
}
