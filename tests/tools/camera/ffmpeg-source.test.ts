import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { MediaFrame } from '../../../tools/camera/media.ts'
import { openSource } from '../../../tools/camera/open-source.ts'
import { ffmpeg } from '../../support/ffmpeg.ts'
import { withTempFolder } from '../../support/paths.ts'
import { needTool } from '../../support/tools.ts'

const skip = needTool('ffmpeg', 'ffprobe')
const SOURCE = [
  '-f',
  'lavfi',
  '-i',
  'testsrc2=size=160x120:rate=25',
  '-f',
  'lavfi',
  '-i',
  'sine=440',
]

const CASES = [
  {
    name: 'H.264 without B frames is passed on',
    args: ['-c:v', 'libx264', '-bf', '0', '-g', '10', '-c:a', 'aac'],
    codec: 'h264',
  },
  {
    name: 'H.265 without B frames is passed on',
    args: ['-c:v', 'libx265', '-x265-params', 'bframes=0:keyint=10:log-level=error', '-c:a', 'aac'],
    codec: 'h265',
  },
  {
    name: 'H.264 with B frames is encoded',
    args: ['-c:v', 'libx264', '-bf', '2', '-c:a', 'aac'],
    codec: 'h264',
  },
  { name: 'MPEG-4 is encoded, without sound', args: ['-c:v', 'mpeg4', '-an'], codec: 'h264' },
] as const

for (const { name, args, codec } of CASES)
  test(name, { skip, timeout: 60_000 }, () =>
    withTempFolder(async (folder) => {
      const path = join(folder, 'film.mp4')
      ffmpeg(...SOURCE, '-t', '1', '-pix_fmt', 'yuv420p', ...args, path)
      const source = openSource({ input: path })
      assert.equal(source.codec, codec)
      assert.equal(source.fps, 25)
      assert.equal(source.hasAudio, !(args as readonly string[]).includes('-an'))
      const video: Pick<MediaFrame, 'ptsMs' | 'key'>[] = []
      let audio = 0
      // the film is 1 s long: it is repeated, and its times go on
      for await (const frame of source.frames()) {
        if (frame.kind === 'audio') audio++
        else video.push({ ptsMs: frame.ptsMs, key: frame.key })
        if (video.length === 40) break
      }
      source.close()
      assert.ok(video[0]!.key, 'begins with an IDR')
      // at the seam the longer track decides when the film begins again
      for (let at = 1; at < video.length; at++) {
        const stepMs = video[at]!.ptsMs - video[at - 1]!.ptsMs
        assert.ok(
          stepMs > 20 && stepMs < 200,
          `picture ${at} comes ${stepMs} ms after the one before`,
        )
      }
      if (source.hasAudio) assert.ok(audio > 10, `${audio} sound frames`)
      else assert.equal(audio, 0)
    }),
  )

test('the program that a camera needs is named when it is missing', { timeout: 20_000 }, () => {
  const path = process.env.PATH
  process.env.PATH = '/nowhere'
  try {
    assert.throws(() => openSource({ input: 'rtsp://127.0.0.1:9/stream' }), /apt install ffmpeg/)
  } finally {
    process.env.PATH = path
  }
})
