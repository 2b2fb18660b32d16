/** H.264 plays in Chromium and H.265 in Firefox ESR, both containers, through hls.js, every picture counted. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, test } from 'node:test'
import { mux } from '../interop/mux.ts'
import { CAMERA_STREAMS } from '../interop/streams.ts'
import { aacClip } from '../support/ffmpeg.ts'
import { findTool, needTool } from '../support/tools.ts'
import { playInChromium, playInFirefox, serveFolder, writePlaylist } from './player.ts'

const TIMEOUT_MS = 40_000

/** Bytes before the first box that belongs to a fragment. */
const initBytes = (path: string): number => {
  const bytes = readFileSync(path)
  let at = 0
  while (at + 8 <= bytes.length && /ftyp|moov/.test(bytes.toString('latin1', at + 4, at + 8)))
    at += bytes.readUInt32BE(at)
  return at
}

const BROWSERS = {
  h264: { name: 'chromium', play: playInChromium },
  h265: { name: 'firefox', play: playInFirefox },
} as const

describe('browsers', { skip: needTool('ffmpeg', 'chromium', 'firefox') }, () => {
  for (const codec of ['h264', 'h265'] as const)
    for (const format of ['ts', 'fmp4'] as const)
      test(`${codec} in ${format} plays in ${BROWSERS[codec].name}`, async () => {
        const stream = CAMERA_STREAMS.find((candidate) => candidate.codec === codec)
        assert.ok(stream)
        const audio = aacClip({ seconds: stream.seconds })
        const slices = mux(['--video', stream.path(), '--audio', audio, '--format', format])
        const dir = dirname(slices[0]!.path)
        writePlaylist(
          dir,
          slices.map((slice) => ({
            file: slice.path,
            durationS: slice.durationMs / 1000,
            initBytes: format === 'fmp4' ? initBytes(slice.path) : 0,
          })),
        )
        const { server, url } = await serveFolder(dir)
        try {
          const { name, play } = BROWSERS[codec]
          const result = await play(findTool(name)!, url, TIMEOUT_MS)
          assert.deepEqual(result.errors, [])
          assert.equal(result.engine, 'hls.js')
          assert.equal(result.ended, true, `stopped at ${result.time} s`)
          assert.equal(result.frames, stream.frames)
        } finally {
          server.close()
        }
      })
})
