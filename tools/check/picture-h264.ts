import {
  H264_NAL,
  h264NalName,
  h264NalType,
  isH264Slice,
} from '../../runtime/source/bitstream/h264-nal.ts'
import {
  type H264Pps,
  type H264SliceHeader,
  isNewH264Picture,
  parseH264Pps,
  parseH264SliceHeader,
  SLICE_B,
  SLICE_P,
} from '../../runtime/source/bitstream/h264-slice.ts'
import { type H264Sps, parseH264Sps } from '../../runtime/source/bitstream/h264-sps.ts'
import {
  type EsReport,
  hasEmulation,
  OrderCheck,
  type PictureChecker,
  type PictureInfo,
  type VideoFormat,
  widerKind,
} from './picture-common.ts'

/** SP counts as P, SI as I. Spec: H.264 Table 7-6. */
const kindOf = (sliceType: number) =>
  sliceType === SLICE_B ? 'B' : sliceType === SLICE_P || sliceType === 3 ? 'P' : 'I'

/** Order of a primary coded picture's units. Spec: H.264 7.4.1.2.3. */
const RANKS: Record<number, number> = {
  [H264_NAL.AUD]: 1,
  [H264_NAL.SPS]: 2,
  [H264_NAL.SPS_EXTENSION]: 2,
  [H264_NAL.SUBSET_SPS]: 2,
  [H264_NAL.PPS]: 3,
  [H264_NAL.SEI]: 4,
  [H264_NAL.PREFIX]: 4,
  [H264_NAL.SLICE]: 5,
  [H264_NAL.PARTITION_A]: 5,
  [H264_NAL.PARTITION_B]: 5,
  [H264_NAL.PARTITION_C]: 5,
  [H264_NAL.IDR_SLICE]: 5,
}
const RANK_LAST = 6

const PROFILES: Record<number, string> = {
  66: 'Baseline',
  77: 'Main',
  88: 'Extended',
  100: 'High',
  110: 'High 10',
  122: 'High 4:2:2',
  244: 'High 4:4:4 Predictive',
}

const hex2 = (value: number): string => value.toString(16).padStart(2, '0')

export class H264Pictures implements PictureChecker {
  readonly #report: EsReport
  readonly #spsById = new Map<number, H264Sps>()
  readonly #ppsById = new Map<number, H264Pps>()
  #sps: H264Sps | undefined

  constructor(report: EsReport) {
    this.#report = report
  }

  get format(): VideoFormat | undefined {
    const sps = this.#sps
    return (
      sps && {
        width: sps.width,
        height: sps.height,
        profile: PROFILES[sps.profileIdc] ?? `profile_idc ${sps.profileIdc}`,
        level: (sps.levelIdc / 10).toFixed(1),
        fps: sps.fps,
        codecs: `avc1.${hex2(sps.profileIdc)}${hex2(sps.constraintFlags)}${hex2(sps.levelIdc)}`,
      }
    )
  }

  addParameterSet(nal: Uint8Array, offset: number): void {
    const type = h264NalType(nal[0]!)
    if (type === H264_NAL.SPS) {
      const sps = parseH264Sps(nal)
      if (!sps) {
        this.#report('es.syntax', offset, 'SPS cannot be parsed')
        return
      }
      const last = this.#sps
      if (
        last &&
        (last.width !== sps.width ||
          last.height !== sps.height ||
          last.profileIdc !== sps.profileIdc)
      )
        this.#report(
          'es.format-change',
          offset,
          `${last.width}x${last.height} profile ${last.profileIdc} became ${sps.width}x${sps.height} profile ${sps.profileIdc}`,
        )
      this.#spsById.set(sps.id, sps)
      this.#sps = sps
    } else if (type === H264_NAL.PPS) {
      const pps = parseH264Pps(nal)
      if (!pps) {
        this.#report('es.syntax', offset, 'PPS cannot be parsed')
        return
      }
      this.#ppsById.set(pps.id, pps)
    }
  }

  check(nals: readonly Uint8Array[], offset: number): PictureInfo {
    const info: PictureInfo = {
      key: false,
      idr: false,
      hasParameterSets: false,
      kind: undefined,
      slices: 0,
      nalTypes: [],
    }
    const order = new OrderCheck()
    const spsHere = new Set<number>()
    const ppsHere = new Set<number>()
    let first: H264SliceHeader | undefined
    for (const nal of nals) {
      const type = h264NalType(nal[0]!)
      info.nalTypes.push(type)
      if ((nal[0]! & 0x80) !== 0)
        this.#report('es.nal-header', offset, `forbidden_zero_bit is set in ${h264NalName(type)}`)
      if (hasEmulation(nal))
        this.#report('es.emulation', offset, `start code emulated inside ${h264NalName(type)}`)
      if (!order.accepts(RANKS[type] ?? RANK_LAST))
        this.#report('es.order', offset, `${h264NalName(type)} stands too late in its access unit`)
      if (type === H264_NAL.SPS || type === H264_NAL.PPS) {
        this.addParameterSet(nal, offset)
        const parsed = type === H264_NAL.SPS ? parseH264Sps(nal) : parseH264Pps(nal)
        if (parsed) (type === H264_NAL.SPS ? spsHere : ppsHere).add(parsed.id)
      }
      if (!isH264Slice(type)) continue
      const slice = parseH264SliceHeader(nal, this.#ppsById, this.#spsById)
      if (!slice) {
        this.#report('es.syntax', offset, 'slice header cannot be parsed')
        continue
      }
      info.slices++
      info.kind = widerKind(info.kind, kindOf(slice.sliceType))
      if (slice.frameNum === undefined)
        this.#report('es.reference', offset, `slice refers to unknown PPS ${slice.ppsId}`)
      if (!first) {
        first = slice
        if (slice.firstMb !== 0)
          this.#report('es.first-slice', offset, `picture begins at macroblock ${slice.firstMb}`)
      } else if ((first.nalType === H264_NAL.IDR_SLICE) !== (type === H264_NAL.IDR_SLICE))
        this.#report('es.mixed-idr', offset, 'IDR and other slices in one access unit')
      else if (isNewH264Picture(first, slice))
        this.#report('es.one-picture', offset, 'a second picture in the access unit')
    }
    if (first) {
      info.idr = info.key = first.nalType === H264_NAL.IDR_SLICE
      const spsId = this.#ppsById.get(first.ppsId)?.spsId
      info.hasParameterSets = ppsHere.has(first.ppsId) && spsId !== undefined && spsHere.has(spsId)
    } else this.#report('es.picture', offset, 'access unit without a picture')
    if (info.kind === 'B') this.#report('es.b-slice', offset, 'B slice')
    return info
  }
}
