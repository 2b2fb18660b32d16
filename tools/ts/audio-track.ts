import {
  AAC_FRAME_SAMPLES,
  AAC_LC,
  type AdtsHeader,
  parseAdtsHeader,
} from '../../runtime/source/adts.ts'
import type { FaultLog } from '../check/fault-log.ts'
import type { Pes } from './demuxer.ts'
import { PTS_HZ } from './pes.ts'
import type { TsRuleId } from './rules.ts'
import { TrackTimes } from './track-times.ts'

/** Judges the PES packets of an AAC stream: whole ADTS frames. */
export class AudioTrack {
  readonly times: TrackTimes
  readonly #log: FaultLog<TsRuleId>
  /** ticks at which the next PES packet should start, by the frames so far */
  #expectedTicks: number | undefined
  header: AdtsHeader | undefined
  frames = 0
  pesPackets = 0
  bytes = 0

  constructor(log: FaultLog<TsRuleId>) {
    this.#log = log
    this.times = new TrackTimes(log)
  }

  pes(pes: Pes): void {
    this.pesPackets++
    this.bytes += pes.data.length
    const timed = this.times.add(pes)
    const frames = this.#frames(pes)
    const rate = this.header?.sampleRate ?? 0
    if (!timed || rate === 0) return
    const frameTicks = (AAC_FRAME_SAMPLES * PTS_HZ) / rate
    const { ticks } = this.times
    if (this.#expectedTicks !== undefined) {
      const off = ticks - this.#expectedTicks
      this.#log.expect(
        Math.abs(off) < frameTicks,
        'adts.time',
        pes.offset,
        `PTS is ${(off / 90).toFixed(1)} ms off the frames before`,
      )
      // small roundings of a PTS in milliseconds must not add up, real steps must not repeat
      this.#expectedTicks = Math.abs(off) < frameTicks ? this.#expectedTicks : ticks
    }
    this.#expectedTicks = (this.#expectedTicks ?? ticks) + frames * frameTicks
  }

  /** @returns how many frames the PES packet holds */
  #frames({ data, offset }: Pes): number {
    const log = this.#log
    let count = 0
    for (let at = 0; at < data.length; ) {
      const header = parseAdtsHeader(data, at)
      if (!header) {
        log.report('adts.header', offset, `no ADTS sync word at byte ${at} of the payload`)
        break
      }
      log.expect(header.layer === 0, 'adts.header', offset, `layer ${header.layer}`)
      log.expect(header.channelConfiguration > 0, 'adts.header', offset, 'channel_configuration 0')
      log.expect(
        header.objectType === AAC_LC,
        'aac.profile',
        offset,
        `audio object type ${header.objectType}`,
      )
      log.expect(
        header.sampleRate > 0,
        'aac.rate',
        offset,
        `sampling_frequency_index ${header.sampleRateIndex}`,
      )
      const first = this.header ?? header
      this.header = first
      const same =
        first.sampleRateIndex === header.sampleRateIndex &&
        first.channelConfiguration === header.channelConfiguration &&
        first.objectType === header.objectType
      log.expect(same, 'adts.change', offset, 'profile, rate or channels changed')
      const fits = header.frameBytes > header.headerBytes && at + header.frameBytes <= data.length
      if (
        !log.expect(
          fits,
          'adts.length',
          offset,
          `frame of ${header.frameBytes} bytes at byte ${at} of ${data.length}`,
        )
      )
        break
      at += header.frameBytes
      count++
    }
    this.frames += count
    return count
  }
}
