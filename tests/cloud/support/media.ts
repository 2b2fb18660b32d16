import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Piece, SliceStart } from '../../../runtime/mqtt/messages.ts'
import { ffmpeg } from '../../support/ffmpeg.ts'
import { sliceId, sliceStart } from './device.ts'

export type MadeSlice = { start: SliceStart; data: Buffer; pieces: Piece[] }

/** Byte ranges and durations of a playlist that ffmpeg wrote beside a single media file. */
const parsePlaylist = (text: string) => {
  const ranges = [...text.matchAll(/#EXTINF:([\d.]+),\s*#EXT-X-BYTERANGE:(\d+)@(\d+)/g)]
  const map = /#EXT-X-MAP:.*BYTERANGE="(\d+)@0"/.exec(text)
  return {
    initBytes: Number(map?.[1] ?? 0),
    segments: ranges.map(([, d, b, o]) => ({ o: Number(o), b: Number(b), d: Number(d) * 1000 })),
  }
}

/** How each codec is made, a GOP a second, and how it is called. */
const ENCODERS = {
  h264: {
    args: [
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '0', '-g', '25', '-sc_threshold', '0'],
    ],
    codecs: 'avc1.42c01e',
  },
  h265: {
    args: [
      ...['-c:v', 'libx265', '-preset', 'ultrafast', '-tag:v', 'hvc1', '-x265-params'],
      'log-level=error:bframes=0:keyint=25:min-keyint=25:scenecut=0:open-gop=0',
    ],
    codecs: 'hvc1.1.6.L63.90',
  },
} as const

/**
 * Slices as a device would send them, made with ffmpeg: `seconds` each, a GOP a second, a burnt-in counter, a tone. Their
 * timestamps begin anew in each, so each is marked as a discontinuity.
 */
export const makeSlices = (
  folder: string,
  {
    count = 1,
    seconds = 10,
    startUtcMs = 0,
    format = 'ts' as 'ts' | 'fmp4',
    boot = '0',
    codec = 'h264' as keyof typeof ENCODERS,
    /** ffmpeg's source of the pictures */
    source = 'testsrc2=size=640x360',
  } = {},
): MadeSlice[] =>
  Array.from({ length: count }, (_, at) => {
    const list = join(folder, `${format}-${at}.m3u8`)
    const name = `${format}-${at}`
    ffmpeg(
      ...['-f', 'lavfi', '-i', `${source}:rate=25:duration=${seconds}`],
      ...[
        '-f',
        'lavfi',
        '-i',
        `sine=frequency=${440 + 110 * at}:sample_rate=16000:duration=${seconds}`,
      ],
      ...ENCODERS[codec].args,
      ...['-pix_fmt', 'yuv420p', '-b:v', '600k', '-c:a', 'aac', '-ac', '1', '-b:a', '32k'],
      ...['-f', 'hls', '-hls_time', '1', '-hls_flags', 'single_file', '-hls_list_size', '0'],
      ...['-hls_playlist_type', 'vod', '-hls_segment_type', format === 'ts' ? 'mpegts' : 'fmp4'],
      ...['-hls_fmp4_init_filename', `${name}-init.mp4`],
      ...['-hls_segment_filename', join(folder, `${name}.${format === 'ts' ? 'ts' : 'm4s'}`)],
      ...['-y', list],
    )
    const { initBytes, segments } = parsePlaylist(readFileSync(list, 'utf8'))
    const data = readFileSync(join(folder, `${name}.${format === 'ts' ? 'ts' : 'm4s'}`))
    const startMs = startUtcMs + at * seconds * 1000
    let t = startMs
    const pieces = segments.map(({ o, b, d }) => {
      const piece = { o, b, t: Math.round(t), d, n: 25, k: 1 }
      t += d
      return piece
    })
    const start = sliceStart({
      id: sliceId(at + 1, boot.padStart(16, '0')),
      format,
      codecs: `${ENCODERS[codec].codecs},mp4a.40.2`,
      width: 640,
      height: 360,
      startUtcMs: startMs,
      discontinuity: true,
      initBytes,
    })
    return { start, data, pieces }
  })
