import type { FaultLog } from '../check/fault-log.ts'
import type { Pes } from './demuxer.ts'
import { PTS_HZ, ptsDifference } from './pes.ts'
import { PTS_INTERVAL_MAX_MS, type TsRuleId } from './rules.ts'

const MS = PTS_HZ / 1000

/** Time stamps of one stream, unwrapped: ticks of 90 kHz since its first PTS. */
export class TrackTimes {
  readonly #log: FaultLog<TsRuleId>
  #lastDts: number | undefined
  #lastPts: number | undefined
  firstPts: number | undefined
  /** of the newest PES packet, since `firstPts` */
  ticks = 0
  lastStepTicks = 0

  constructor(log: FaultLog<TsRuleId>) {
    this.#log = log
  }

  get ms(): number {
    return this.ticks / MS
  }

  /** @returns whether the PES packet has a time that can be used */
  add({ header, offset }: Pes): boolean {
    const { pts } = header
    if (pts === undefined) {
      this.#log.report('pes.pts', offset, 'no PTS')
      return false
    }
    const dts = header.dts ?? pts
    const ahead = ptsDifference(pts, dts)
    this.#log.expect(ahead >= 0, 'pes.dts', offset, `DTS is ${-ahead / MS} ms after PTS`)
    if (this.#lastDts !== undefined) {
      const step = ptsDifference(dts, this.#lastDts)
      this.#log.expect(step > 0, 'pes.order', offset, `DTS steps by ${(step / MS).toFixed(3)} ms`)
    }
    this.#lastDts = dts
    this.firstPts ??= pts
    if (this.#lastPts !== undefined) {
      this.lastStepTicks = ptsDifference(pts, this.#lastPts)
      this.ticks += this.lastStepTicks
      const stepMs = this.lastStepTicks / MS
      this.#log.expect(
        stepMs <= PTS_INTERVAL_MAX_MS,
        'pes.interval',
        offset,
        `${stepMs.toFixed(0)} ms since the last PTS`,
      )
    }
    this.#lastPts = pts
    return true
  }
}
