import type { VideoCodec } from '../../runtime/source/annexb.ts'
import { H264_NAL, h264NalType } from '../../runtime/source/bitstream/h264-nal.ts'
import { H265_NAL, h265NalType } from '../../runtime/source/bitstream/h265-nal.ts'
import type { FaultLog } from '../check/fault-log.ts'
import { createPictureChecker } from '../check/picture.ts'
import type { PictureChecker, PictureInfo } from '../check/picture-common.ts'
import { GopStats } from '../report/gop-stats.ts'
import type { Sample } from './fragment.ts'
import type { Mp4Track } from './init.ts'
import type { Mp4RuleId } from './rules.ts'

/** sample_flags. Spec: 14496-12 8.8.3.1 */
export const NON_SYNC = 0x10000
const dependsOn = (flags: number): number => (flags >>> 24) & 3
const reservedBits = (flags: number): number => flags >>> 28
const DEPENDS_ON_OTHERS = 1
const DEPENDS_ON_NONE = 2

const LENGTH_BYTES = 4

const isParameterSet = (codec: VideoCodec, nal: Uint8Array): boolean => {
  const type = codec === 'h264' ? h264NalType(nal[0]!) : h265NalType(nal[0]!)
  return codec === 'h264'
    ? type === H264_NAL.SPS || type === H264_NAL.PPS
    : type >= H265_NAL.VPS && type <= H265_NAL.PPS
}

/** Judges the samples of a video track. */
export class VideoSamples {
  readonly codec: VideoCodec
  readonly gops = new GopStats()
  readonly #log: FaultLog<Mp4RuleId>
  readonly #checker: PictureChecker
  readonly #entryType: string

  constructor(track: Mp4Track, log: FaultLog<Mp4RuleId>) {
    const { entry } = track
    this.codec = entry?.type === 'avc1' ? 'h264' : 'h265'
    this.#entryType = entry?.type ?? ''
    this.#log = log
    this.#checker = createPictureChecker(this.codec, (id, offset, message) =>
      log.report(id, offset, message),
    )
    if (!entry) return
    for (const nal of entry.parameterSets) this.#checker.addParameterSet(nal, entry.configOffset)
    const format = this.#checker.format
    if (!format) return
    const size = `${format.width}x${format.height}`
    const entrySize = `${entry.width}x${entry.height}`
    log.expect(
      entrySize === size,
      'entry.size',
      entry.configOffset,
      `${entrySize} in ${entry.type}, ${size} in the SPS`,
    )
    log.expect(
      `${track.width}x${track.height}` === size,
      'tkhd.size',
      track.offset,
      `${track.width}x${track.height} in tkhd, ${size} in the SPS`,
    )
  }

  get format() {
    return this.#checker.format
  }

  sample(sample: Sample, data: Uint8Array, offset: number, timeMs: number): PictureInfo {
    const log = this.#log
    const nals = this.#nals(data, offset)
    const info = this.#checker.check(nals, offset)
    const sync = (sample.flags & NON_SYNC) === 0
    log.expect(
      sync === info.key,
      'sample.sync',
      offset,
      info.key
        ? 'key picture flagged as no sync sample'
        : 'sync flag on a picture that is no key picture',
    )
    const depends = dependsOn(sample.flags)
    const contradicts = info.key
      ? depends === DEPENDS_ON_OTHERS
      : info.kind !== 'I' && depends === DEPENDS_ON_NONE
    log.expect(
      !contradicts,
      'sample.depends',
      offset,
      `sample_depends_on ${depends} for a ${info.key ? 'key' : info.kind} picture`,
    )
    log.expect(
      reservedBits(sample.flags) === 0,
      'sample.reserved',
      offset,
      `sample_flags ${sample.flags.toString(16)}`,
    )
    // in hev1 they may stand in the samples
    if (this.#entryType !== 'hev1')
      log.expect(
        !nals.some((nal) => isParameterSet(this.codec, nal)),
        'sample.parameter-sets',
        offset,
        `${this.#entryType} sample with parameter sets`,
      )
    this.gops.add(info.key, data.length, timeMs)
    return info
  }

  #nals(data: Uint8Array, offset: number): Uint8Array[] {
    const nals: Uint8Array[] = []
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
    for (let at = 0; at < data.length; ) {
      const length = at + LENGTH_BYTES <= data.length ? view.getUint32(at) : -1
      if (at === 0 && length === 1) {
        this.#log.report('sample.start-code', offset, 'sample begins with a start code')
        return nals
      }
      const fits = length > 0 && at + LENGTH_BYTES + length <= data.length
      if (
        !this.#log.expect(
          fits,
          'sample.lengths',
          offset + at,
          `NAL unit of ${length} bytes in a sample of ${data.length}`,
        )
      )
        return nals
      nals.push(data.subarray(at + LENGTH_BYTES, at + LENGTH_BYTES + length))
      at += LENGTH_BYTES + length
    }
    return nals
  }
}
