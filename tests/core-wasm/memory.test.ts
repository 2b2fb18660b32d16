import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUDIO_AAC, AUDIO_PCM, FORMAT_FMP4, FORMAT_TS } from '../../core-wasm/index.ts'
import { adts } from '../fuzz/seeds.ts'
import { idr, openCore, p, UTC } from './synthetic.ts'

const FRAMES = 10_000

for (const format of [FORMAT_TS, FORMAT_FMP4])
  for (const audioInput of [AUDIO_AAC, AUDIO_PCM])
    test(`memory does not change over ${FRAMES} frames: ${format === FORMAT_TS ? 'TS' : 'fMP4'}, audio ${audioInput}`, async () => {
      const core = await openCore({ format, audioInput, sampleRate: 16_000, channels: 1 })
      const { buffer } = core.memory
      const bytes = buffer.byteLength
      const sound = audioInput === AUDIO_AAC ? adts(200) : new Uint8Array(2048)
      const key = idr(2000)
      const other = p(500)
      let sounds = 0
      for (let i = 0; i < FRAMES; i++) {
        const pts = i * 40
        for (; sounds * 64 <= pts; sounds++)
          assert.ok(core.copyAudio(sound, sounds * 64, UTC, sounds) >= 0)
        assert.ok(
          core.copyVideo(i % 50 === 0 ? key : other, pts, UTC + pts, i, i % 50 === 0 ? 0 : 1) >= 0,
        )
        if (i % 7 === 0) core.release(core.head)
      }
      assert.equal(core.memory.buffer, buffer, 'the buffer is the same object: views stay valid')
      assert.equal(buffer.byteLength, bytes)
      assert.equal(core.videoFrames, FRAMES)
    })
