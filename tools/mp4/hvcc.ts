import { H265_NAL, h265NalType } from '../../runtime/source/bitstream/h265-nal.ts'
import { parseH265Sps } from '../../runtime/source/bitstream/h265-sps.ts'
import type { FaultLog } from '../check/fault-log.ts'
import type { Box } from './box.ts'
import { Cursor } from './cursor.ts'
import type { Mp4RuleId } from './rules.ts'

const HVCC_ORDER: readonly number[] = [H265_NAL.VPS, H265_NAL.SPS, H265_NAL.PPS]

/** HEVCDecoderConfigurationRecord: its parameter sets, in its order. Spec: 14496-15 8.3.3.1.2. */
export const parseHvcC = (box: Box, log: FaultLog<Mp4RuleId>, entryType: string): Uint8Array[] => {
  const c = new Cursor(box.body)
  const { offset } = box
  const version = c.u8()
  const general = Buffer.from(c.bytes(12)).toString('hex')
  const segmentation = c.u16()
  const parallelism = c.u8()
  const [chroma, luma, chromaDepth] = [c.u8(), c.u8(), c.u8()]
  c.u16() // avgFrameRate
  const layers = c.u8()
  const reserved =
    version === 1 &&
    segmentation >> 12 === 15 &&
    parallelism >> 2 === 63 &&
    chroma >> 2 === 63 &&
    luma >> 3 === 31 &&
    chromaDepth >> 3 === 31
  log.expect(reserved, 'hvcC.version', offset, `version ${version} or reserved bits`)
  log.expect((layers & 3) === 3, 'hvcC.length-size', offset, `lengths of ${(layers & 3) + 1} bytes`)
  const sets: Uint8Array[] = []
  const types: number[] = []
  const arrays = c.u8()
  for (let i = 0; i < arrays && !c.overrun; i++) {
    const head = c.u8()
    const type = head & 0x3f
    types.push(type)
    log.expect((head & 0x40) === 0, 'hvcC.version', offset, 'reserved bit of an array')
    const completeEnough = (head & 0x80) !== 0 || entryType !== 'hvc1' || !HVCC_ORDER.includes(type)
    log.expect(completeEnough, 'hvcC.complete', offset, `array of type ${type} is not complete`)
    const count = c.u16()
    for (let j = 0; j < count && !c.overrun; j++) {
      const nal = c.bytes(c.u16())
      const right = nal.length > 2 && h265NalType(nal[0]!) === type
      if (
        log.expect(
          right,
          'hvcC.arrays',
          offset,
          `a NAL unit in the array of type ${type} is of another type`,
        )
      )
        sets.push(nal)
    }
  }
  const wanted = types.filter((type) => HVCC_ORDER.includes(type))
  log.expect(
    wanted.join() === HVCC_ORDER.join(),
    'hvcC.arrays',
    offset,
    `arrays of types ${types.join(', ')}`,
  )
  const spsNal = sets.find((nal) => h265NalType(nal[0]!) === H265_NAL.SPS)
  const sps = spsNal && parseH265Sps(spsNal)
  if (sps && spsNal) {
    const { profile } = sps
    const first = (profile.space << 6) | (profile.tier << 5) | profile.idc
    const expected = `${first.toString(16).padStart(2, '0')}${profile.compatibilityFlags.toString(16).padStart(8, '0')}${profile.constraintFlags}${profile.levelIdc.toString(16).padStart(2, '0')}`
    log.expect(
      general === expected,
      'hvcC.profile',
      offset,
      `${general} in hvcC, ${expected} in the SPS`,
    )
    const right =
      (chroma & 3) === sps.chromaFormatIdc &&
      (luma & 7) === sps.bitDepthLuma - 8 &&
      (chromaDepth & 7) === sps.bitDepthChroma - 8 &&
      ((layers >> 3) & 7) === sps.maxSubLayers &&
      ((layers >> 2) & 1) === Number(sps.temporalIdNesting)
    log.expect(
      right,
      'hvcC.format',
      offset,
      'chroma format, bit depths or layers are not those of the SPS',
    )
  }
  log.expect(
    !c.overrun && c.left === 0,
    'box.fields',
    offset,
    `hvcC is ${c.overrun ? 'too short' : `${c.left} bytes too long`}`,
  )
  return sets
}
