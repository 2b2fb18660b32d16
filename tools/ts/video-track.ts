import type { VideoCodec } from '../../runtime/source/annexb.ts'
import { H264_NAL, h264NalType } from '../../runtime/source/bitstream/h264-nal.ts'
import { H265_NAL, h265NalType } from '../../runtime/source/bitstream/h265-nal.ts'
import { splitNals } from '../../runtime/source/bitstream/nal.ts'
import type { FaultLog } from '../check/fault-log.ts'
import { createPictureChecker } from '../check/picture.ts'
import type { PictureChecker, PictureInfo } from '../check/picture-common.ts'
import { GopStats } from '../report/gop-stats.ts'
import type { Pes } from './demuxer.ts'
import type { TsRuleId } from './rules.ts'
import { TrackTimes } from './track-times.ts'

/** An access unit delimiter: header, type, stop bit. Spec: H.264 7.3.2.4, H.265 7.3.2.5. */
const AUD = {
  h264: { type: H264_NAL.AUD, typeOf: h264NalType, headerBytes: 1 },
  h265: { type: H265_NAL.AUD, typeOf: h265NalType, headerBytes: 2 },
}
/** Behind the three bits of the type: stop bit and alignment. */
const AUD_TAIL = 0x10
/** Slice kinds of primary_pic_type 0 to 2, and of pic_type 0 to 2. Spec: H.264 Table 7-5, H.265 Table 7-2 */
const AUD_KINDS = ['I', 'IP', 'IPB']

/** Judges the PES packets of a video stream: one whole access unit each. */
export class VideoTrack {
  readonly codec: VideoCodec
  readonly gops = new GopStats()
  readonly times: TrackTimes
  readonly #log: FaultLog<TsRuleId>
  readonly #checker: PictureChecker
  bytes = 0

  constructor(codec: VideoCodec, log: FaultLog<TsRuleId>) {
    this.codec = codec
    this.#log = log
    this.times = new TrackTimes(log)
    this.#checker = createPictureChecker(codec, (id, offset, message) =>
      log.report(id, offset, message),
    )
  }

  get format() {
    return this.#checker.format
  }

  /** @param tablesBefore PAT and PMT have come since the picture before */
  pes(pes: Pes, tablesBefore: boolean): PictureInfo {
    const { data, offset } = pes
    const log = this.#log
    const first = this.gops.pictures === 0
    this.bytes += data.length
    this.times.add(pes)
    const startsWithCode =
      data[0] === 0 && data[1] === 0 && (data[2] === 1 || (data[2] === 0 && data[3] === 1))
    log.expect(startsWithCode, 'unit.start', offset, 'no start code at the start of the payload')
    const nals = splitNals(data).map(({ start, end }) => data.subarray(start, end))
    const info = this.#checker.check(nals, offset)
    this.#checkDelimiter(nals, info, offset)
    log.expect(
      pes.randomAccess === info.key,
      'unit.random-access',
      offset,
      info.key ? 'not set on a key picture' : 'set on a picture that is no key picture',
    )
    if (info.key) {
      log.expect(
        info.hasParameterSets,
        'unit.parameter-sets',
        offset,
        'key picture without its parameter sets',
      )
      log.expect(
        tablesBefore,
        'psi.before-key',
        offset,
        'no PAT and PMT between this key picture and the one before',
      )
    }
    if (first) log.expect(info.key, 'unit.start-key', offset, 'the first picture is no key picture')
    this.gops.add(info.key, data.length, this.times.ms)
    return info
  }

  finish(): void {
    this.gops.finish((this.times.ticks + this.times.lastStepTicks) / 90)
  }

  #checkDelimiter(nals: readonly Uint8Array[], info: PictureInfo, offset: number): void {
    const { type, typeOf, headerBytes } = AUD[this.codec]
    const delimiters = nals.filter((nal) => typeOf(nal[0]!) === type)
    const aud = delimiters[0]
    const inFront = delimiters.length === 1 && nals[0] === aud
    const log = this.#log
    if (
      !log.expect(inFront, 'unit.aud', offset, `${delimiters.length} access unit delimiters`) ||
      !aud
    )
      return
    const value = aud[headerBytes] ?? 0
    const well = aud.length === headerBytes + 1 && (value & 0x1f) === AUD_TAIL
    const hex = Buffer.from(aud).toString('hex')
    if (!log.expect(well, 'unit.aud-bytes', offset, `delimiter ${hex}`) || info.kind === undefined)
      return
    const kinds = AUD_KINDS[value >> 5]
    const fits = kinds?.includes(info.kind) ?? true
    log.expect(
      fits,
      'unit.aud-type',
      offset,
      `delimiter says ${kinds}, the picture has ${info.kind} slices`,
    )
  }
}
