import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import {
  aacClip,
  ffprobe,
  g711Clip,
  videoClip,
  videoFrameMd5s,
  wavClip,
} from '../support/ffmpeg.ts'
import { MEDIA_STREAMS, mediaPath, needMedia } from '../support/media.ts'
import { withTempFolder } from '../support/paths.ts'
import { needTool } from '../support/tools.ts'

test('a missing tool is a reason with a package, and a failure on CI', () => {
  const before = process.env.CI
  try {
    delete process.env.CI
    assert.match(
      String(needTool('no-such-program')),
      /not installed \(apt-get install no-such-program\)/,
    )
    process.env.CI = 'true'
    assert.throws(() => needTool('no-such-program'), /needed on CI/)
  } finally {
    if (before === undefined) delete process.env.CI
    else process.env.CI = before
  }
})

test('a temporary folder is gone afterwards, also after a fault', async () => {
  let kept = ''
  await assert.rejects(
    withTempFolder((folder) => {
      kept = folder
      throw new Error('fault')
    }),
    /fault/,
  )
  assert.equal(existsSync(kept), false)
})

test('clips have the pictures asked for', { skip: needTool('ffmpeg', 'ffprobe') }, () => {
  for (const codec of ['h264', 'h265'] as const) {
    const path = videoClip({ codec, frames: 10, gop: 5, width: 64, height: 64 })
    assert.equal(videoFrameMd5s(path).length, 10)
    assert.equal(ffprobe(path).streams[0].has_b_frames > 0 && codec === 'h264', false)
  }
  assert.equal(ffprobe(aacClip({ rate: 16000, channels: 2 })).streams[0].channels, 2)
  assert.equal(ffprobe(wavClip({ rate: 8000 })).streams[0].sample_rate, '8000')
  assert.equal(existsSync(g711Clip('a')), true)
})

for (const stream of MEDIA_STREAMS)
  test(`${stream.name} decodes`, { skip: needMedia(stream.name) || needTool('ffmpeg') }, () =>
    assert.ok(videoFrameMd5s(mediaPath(stream.name)).length > 0),
  )
