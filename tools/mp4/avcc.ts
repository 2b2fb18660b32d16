import { H264_NAL, h264NalType } from '../../runtime/source/bitstream/h264-nal.ts'
import { hasHighSyntax, parseH264Sps } from '../../runtime/source/bitstream/h264-sps.ts'
import type { FaultLog } from '../check/fault-log.ts'
import type { Box } from './box.ts'
import { Cursor } from './cursor.ts'
import type { Mp4RuleId } from './rules.ts'

/** AVCDecoderConfigurationRecord: its parameter sets, SPS first. Spec: 14496-15 5.3.3.1.2. */
export const parseAvcC = (box: Box, log: FaultLog<Mp4RuleId>): Uint8Array[] => {
  const c = new Cursor(box.body)
  const { offset } = box
  const version = c.u8()
  const [profile, compatibility, level] = [c.u8(), c.u8(), c.u8()]
  const lengthSize = c.u8()
  const spsCount = c.u8()
  log.expect(
    version === 1 && lengthSize >> 2 === 0x3f && spsCount >> 5 === 7,
    'avcC.version',
    offset,
    `version ${version} or reserved bits`,
  )
  log.expect(
    (lengthSize & 3) === 3,
    'avcC.length-size',
    offset,
    `lengths of ${(lengthSize & 3) + 1} bytes`,
  )
  const list = (count: number, type: number): Uint8Array[] => {
    const sets: Uint8Array[] = []
    for (let i = 0; i < count; i++) {
      const nal = c.bytes(c.u16())
      const right = nal.length > 0 && h264NalType(nal[0]!) === type
      if (
        log.expect(
          right,
          'avcC.sets',
          offset,
          `set ${i} of type ${type} is of another type or empty`,
        )
      )
        sets.push(nal)
    }
    return sets
  }
  const spsList = list(spsCount & 31, H264_NAL.SPS)
  const ppsList = list(c.u8(), H264_NAL.PPS)
  log.expect(
    spsList.length > 0 && ppsList.length > 0,
    'avcC.sets',
    offset,
    `${spsList.length} SPS, ${ppsList.length} PPS`,
  )
  const first = spsList[0]
  if (first) {
    const same = first[1] === profile && first[2] === compatibility && first[3] === level
    log.expect(
      same,
      'avcC.profile',
      offset,
      `${profile}/${compatibility}/${level} in avcC, ${first[1]}/${first[2]}/${first[3]} in the SPS`,
    )
    const sps = parseH264Sps(first)
    if (sps && hasHighSyntax(profile)) {
      const [chroma, luma, chromaDepth, extensions] = [c.u8(), c.u8(), c.u8(), c.u8()]
      const right =
        chroma === (0xfc | sps.chromaFormatIdc) &&
        luma === (0xf8 | (sps.bitDepthLuma - 8)) &&
        chromaDepth === (0xf8 | (sps.bitDepthChroma - 8)) &&
        !c.overrun
      log.expect(
        right,
        'avcC.high',
        offset,
        'chroma format or bit depths are missing or not those of the SPS',
      )
      for (let i = 0; i < extensions; i++) c.skip(c.u16())
    }
  }
  log.expect(c.overrun || c.left === 0, 'box.fields', offset, `avcC has ${c.left} bytes too many`)
  log.expect(!c.overrun || hasHighSyntax(profile), 'box.fields', offset, 'avcC is too short')
  return [...spsList, ...ppsList]
}
