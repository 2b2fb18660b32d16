import {
  H265_NAL,
  h265NalName,
  h265NalType,
  isH265Irap,
  isH265Rasl,
  isH265Slice,
} from '../../runtime/source/bitstream/h265-nal.ts'
import {
  H265_SLICE_B,
  H265_SLICE_I,
  type H265Pps,
  parseH265Pps,
  parseH265SliceHeader,
} from '../../runtime/source/bitstream/h265-slice.ts'
import { type H265Sps, parseH265Sps } from '../../runtime/source/bitstream/h265-sps.ts'
import {
  type EsReport,
  hasEmulation,
  OrderCheck,
  type PictureChecker,
  type PictureInfo,
  type VideoFormat,
  widerKind,
} from './picture-common.ts'

/** Order of an access unit's units. Spec: H.265 7.4.2.4.4. */
const rankOf = (type: number): number => {
  if (isH265Slice(type)) return 6
  switch (type) {
    case H265_NAL.AUD:
      return 1
    case H265_NAL.VPS:
      return 2
    case H265_NAL.SPS:
      return 3
    case H265_NAL.PPS:
      return 4
    case H265_NAL.PREFIX_SEI:
      return 5
    // filler and suffix SEI may stand between slices
    case H265_NAL.FILLER:
    case H265_NAL.SUFFIX_SEI:
      return 6
    default:
      return 7
  }
}

const PROFILES: Record<number, string> = {
  1: 'Main',
  2: 'Main 10',
  3: 'Main Still Picture',
  4: 'RExt',
}

/** Spec: 14496-15 E.3 (codecs parameter of hvc1). */
const codecsOf = ({ profile }: H265Sps): string => {
  const space = ['', 'A', 'B', 'C'][profile.space]!
  let reversed = 0
  for (let i = 0; i < 32; i++)
    reversed += Math.floor(profile.compatibilityFlags / 2 ** i) % 2 === 1 ? 2 ** (31 - i) : 0
  const constraints = (profile.constraintFlags.match(/../g) ?? []).map((byte) =>
    Number.parseInt(byte, 16).toString(16).toUpperCase(),
  )
  while (constraints.length > 0 && constraints[constraints.length - 1] === '0') constraints.pop()
  const tail = constraints.map((byte) => `.${byte}`).join('')
  return `hvc1.${space}${profile.idc}.${reversed.toString(16).toUpperCase()}.${profile.tier ? 'H' : 'L'}${profile.levelIdc}${tail}`
}

export class H265Pictures implements PictureChecker {
  readonly #report: EsReport
  readonly #vpsIds = new Set<number>()
  readonly #spsById = new Map<number, H265Sps>()
  readonly #ppsById = new Map<number, H265Pps>()
  #sps: H265Sps | undefined
  /** the stream began with, or was cut at, a CRA, and no other picture of trailing order has come yet */
  #afterFirstCra = false
  #pictures = 0

  constructor(report: EsReport) {
    this.#report = report
  }

  get format(): VideoFormat | undefined {
    const sps = this.#sps
    return (
      sps && {
        width: sps.width,
        height: sps.height,
        profile: PROFILES[sps.profile.idc] ?? `general_profile_idc ${sps.profile.idc}`,
        level: (sps.profile.levelIdc / 30).toFixed(1),
        fps: sps.fps,
        codecs: codecsOf(sps),
      }
    )
  }

  addParameterSet(nal: Uint8Array, offset: number): void {
    const type = h265NalType(nal[0]!)
    if (type === H265_NAL.VPS && nal.length > 2) this.#vpsIds.add(nal[2]! >> 4)
    else if (type === H265_NAL.SPS) {
      const sps = parseH265Sps(nal)
      if (!sps) {
        this.#report('es.syntax', offset, 'SPS cannot be parsed')
        return
      }
      const last = this.#sps
      if (
        last &&
        (last.width !== sps.width ||
          last.height !== sps.height ||
          last.profile.idc !== sps.profile.idc)
      )
        this.#report(
          'es.format-change',
          offset,
          `${last.width}x${last.height} profile ${last.profile.idc} became ${sps.width}x${sps.height} profile ${sps.profile.idc}`,
        )
      this.#spsById.set(sps.id, sps)
      this.#sps = sps
    } else if (type === H265_NAL.PPS) {
      const pps = parseH265Pps(nal)
      if (!pps) {
        this.#report('es.syntax', offset, 'PPS cannot be parsed')
        return
      }
      this.#ppsById.set(pps.id, pps)
    }
  }

  #checkHeader(nal: Uint8Array, type: number, offset: number): void {
    const layerId = ((nal[0]! & 1) << 5) | (nal[1]! >> 3)
    if ((nal[0]! & 0x80) !== 0 || layerId !== 0 || (nal[1]! & 7) === 0)
      this.#report(
        'es.nal-header',
        offset,
        `header ${nal[0]!.toString(16)} ${nal[1]!.toString(16)} of ${h265NalName(type)}`,
      )
    if (hasEmulation(nal))
      this.#report('es.emulation', offset, `start code emulated inside ${h265NalName(type)}`)
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
    const here = { vps: new Set<number>(), sps: new Set<number>(), pps: new Set<number>() }
    let firstType = -1
    let ppsId = -1
    for (const nal of nals) {
      if (nal.length < 3) {
        this.#report('es.nal-header', offset, `NAL unit of ${nal.length} bytes`)
        continue
      }
      const type = h265NalType(nal[0]!)
      info.nalTypes.push(type)
      this.#checkHeader(nal, type, offset)
      if (!order.accepts(rankOf(type)))
        this.#report('es.order', offset, `${h265NalName(type)} stands too late in its access unit`)
      if (type >= H265_NAL.VPS && type <= H265_NAL.PPS) {
        this.addParameterSet(nal, offset)
        if (type === H265_NAL.VPS) here.vps.add(nal[2]! >> 4)
        else if (type === H265_NAL.SPS) here.sps.add(parseH265Sps(nal)?.id ?? -1)
        else here.pps.add(parseH265Pps(nal)?.id ?? -1)
      }
      if (!isH265Slice(type)) continue
      const slice = parseH265SliceHeader(nal, this.#ppsById, this.#spsById)
      if (!slice) {
        this.#report('es.syntax', offset, 'slice segment header cannot be parsed')
        continue
      }
      info.slices++
      const { sliceType } = slice
      if (sliceType !== undefined)
        info.kind = widerKind(
          info.kind,
          sliceType === H265_SLICE_B ? 'B' : sliceType === H265_SLICE_I ? 'I' : 'P',
        )
      else if (!slice.dependent)
        this.#report('es.reference', offset, `slice refers to unknown PPS ${slice.ppsId}`)
      if (firstType < 0) {
        firstType = type
        ppsId = slice.ppsId
        if (!slice.firstSliceInPic)
          this.#report('es.first-slice', offset, 'picture begins with a later slice segment')
      } else if (slice.firstSliceInPic)
        this.#report('es.one-picture', offset, 'a second picture in the access unit')
      else if (type !== firstType)
        this.#report(
          'es.mixed-idr',
          offset,
          `${h265NalName(type)} in a ${h265NalName(firstType)} picture`,
        )
    }
    if (firstType < 0) this.#report('es.picture', offset, 'access unit without a picture')
    else {
      info.key = isH265Irap(firstType)
      info.idr = firstType === H265_NAL.IDR_W_RADL || firstType === H265_NAL.IDR_N_LP
      const spsId = this.#ppsById.get(ppsId)?.spsId
      const vpsId = spsId === undefined ? undefined : this.#spsById.get(spsId)?.vpsId
      info.hasParameterSets =
        here.pps.has(ppsId) &&
        spsId !== undefined &&
        here.sps.has(spsId) &&
        vpsId !== undefined &&
        here.vps.has(vpsId)
      if (spsId !== undefined && vpsId !== undefined && !this.#vpsIds.has(vpsId))
        this.#report('es.reference', offset, `SPS ${spsId} refers to unknown VPS ${vpsId}`)
      this.#checkLeading(firstType, info, offset)
    }
    // in H.265 a low-delay encoder codes its P pictures as B slices that refer to the past only; a camera must not
    if (info.kind === 'B') this.#report('es.b-slice', offset, 'B slice')
    return info
  }

  #checkLeading(type: number, info: PictureInfo, offset: number): void {
    if (isH265Rasl(type)) {
      if (this.#afterFirstCra)
        this.#report(
          'es.leading',
          offset,
          `${h265NalName(type)} after the CRA that begins the stream`,
        )
    } else if (info.key) this.#afterFirstCra = this.#pictures === 0 && !info.idr
    else if (type < H265_NAL.RADL_N) this.#afterFirstCra = false
    this.#pictures++
  }
}
