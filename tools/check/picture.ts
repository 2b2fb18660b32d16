import type { VideoCodec } from '../../runtime/source/annexb.ts'
import type { EsReport, PictureChecker } from './picture-common.ts'
import { H264Pictures } from './picture-h264.ts'
import { H265Pictures } from './picture-h265.ts'

export const createPictureChecker = (codec: VideoCodec, report: EsReport): PictureChecker =>
  codec === 'h264' ? new H264Pictures(report) : new H265Pictures(report)
