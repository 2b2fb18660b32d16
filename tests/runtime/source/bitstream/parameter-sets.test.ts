import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { H264_NAL, h264NalType } from '../../../../runtime/source/bitstream/h264-nal.ts'
import { parseH264Sps } from '../../../../runtime/source/bitstream/h264-sps.ts'
import { H265_NAL, h265NalType } from '../../../../runtime/source/bitstream/h265-nal.ts'
import { parseH265Sps } from '../../../../runtime/source/bitstream/h265-sps.ts'
import { splitNals } from '../../../../runtime/source/bitstream/nal.ts'
import { ffprobe, videoClip } from '../../../support/ffmpeg.ts'
import { MEDIA_STREAMS, mediaPath, needMedia } from '../../../support/media.ts'
import { needTool } from '../../../support/tools.ts'

const firstSps = (path: string, codec: 'h264' | 'h265'): Uint8Array => {
  const bytes = readFileSync(path)
  const [type, sps] = codec === 'h264' ? [h264NalType, H264_NAL.SPS] : [h265NalType, H265_NAL.SPS]
  const span = splitNals(bytes).find((nal) => type(bytes[nal.start]!) === sps)
  assert.ok(span)
  return bytes.subarray(span.start, span.end)
}

const compare = (path: string, codec: 'h264' | 'h265'): void => {
  const nal = firstSps(path, codec)
  const sps = codec === 'h264' ? parseH264Sps(nal) : parseH265Sps(nal)
  assert.ok(sps)
  const stream = ffprobe(path).streams[0]
  assert.equal(sps.width, stream.width)
  assert.equal(sps.height, stream.height)
  const level = 'levelIdc' in sps ? sps.levelIdc : sps.profile.levelIdc
  assert.equal(level, stream.level)
  if (sps.fps !== undefined) {
    const [n, d] = stream.r_frame_rate.split('/').map(Number)
    assert.ok(Math.abs(sps.fps - n / d) < 0.01, `${sps.fps} is not ${stream.r_frame_rate}`)
  }
}

for (const stream of MEDIA_STREAMS)
  test(
    `${stream.name}: as ffprobe reads it`,
    { skip: needMedia(stream.name) || needTool('ffprobe') },
    () => compare(mediaPath(stream.name), stream.codec),
  )

/** Encoder settings that reach the rarer fields: cropping, scaling lists, chroma formats, HRD, interlace, aspect ratio. */
const CLIPS: { codec: 'h264' | 'h265'; params: string; width?: number; height?: number }[] = [
  { codec: 'h264', params: 'cqm=jvt', width: 322, height: 182 },
  { codec: 'h264', params: 'sar=4/3:nal-hrd=vbr:vbv-maxrate=1000:vbv-bufsize=1000' },
  { codec: 'h264', params: 'sar=1001/1000:interlaced=1', width: 320, height: 176 },
  { codec: 'h264', params: 'force-cfr=1:colorprim=bt709:range=pc' },
  { codec: 'h265', params: 'scaling-list=default:sar=3', width: 322, height: 182 },
  { codec: 'h265', params: 'ref=4:temporal-layers=1:colorprim=bt709:overscan=show' },
  { codec: 'h265', params: 'hrd=1:vbv-maxrate=1000:vbv-bufsize=1000:display-window=8,8,8,8' },
]

for (const { params, ...clip } of CLIPS)
  test(`${clip.codec} ${params}`, { skip: needTool('ffmpeg', 'ffprobe') }, () => {
    compare(videoClip({ ...clip, frames: 3, params, preset: 'medium' }), clip.codec)
  })

test('every truncation is refused or harmless, never a throw or a hang', {
  skip: needTool('ffmpeg'),
}, () => {
  for (const codec of ['h264', 'h265'] as const) {
    const nal = firstSps(videoClip({ codec, frames: 3, params: 'sar=1' }), codec)
    const parse = codec === 'h264' ? parseH264Sps : parseH265Sps
    for (let length = 0; length < 12; length++)
      assert.equal(parse(nal.subarray(0, length)), undefined)
    for (let seed = 1; seed < 2000; seed++) {
      const broken = Uint8Array.from(nal)
      broken[(seed * 7919) % nal.length] = (seed * 31) & 255
      parse(broken)
    }
  }
})
