import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { chromium } from 'playwright-core'
import { needTool, toolPath } from '../../support/tools.ts'
import { encodeAll, openInside } from './inside.ts'
import { pcm, RATES, signals } from './signals.ts'

const SECONDS = 0.5

/** What the page needs of a browser's types. */
declare const OfflineAudioContext: new (
  channels: number,
  length: number,
  rate: number,
) => {
  decodeAudioData(bytes: ArrayBuffer): Promise<{
    length: number
    numberOfChannels: number
    getChannelData(channel: number): Float32Array
  }>
}

/** ADTS of every signal one after the other; the parts share a format, as a camera's stream does. */
const clip = (rate: number, channels: number): Uint8Array =>
  Buffer.concat(
    Object.values(signals).flatMap((signal) =>
      encodeAll(
        openInside(rate, channels),
        pcm(signal, rate, channels, Math.round(rate * SECONDS)),
        2048 * channels,
      ),
    ),
  )

/** Frames in a stream. */
const countFrames = (adts: Uint8Array): number => {
  let frames = 0
  for (let at = 0; at < adts.length; frames++)
    at += ((adts[at + 3]! & 3) << 11) | (adts[at + 4]! << 3) | (adts[at + 5]! >> 5)
  return frames
}

describe('decodeAudioData in Chromium', { skip: needTool('chromium') }, () => {
  test('every rate and channel count', { timeout: 60_000 }, async () => {
    const browser = await chromium.launch({
      executablePath: toolPath('chromium'),
      args: ['--no-sandbox'],
    })
    try {
      const page = await browser.newPage()
      for (const rate of RATES)
        for (const channels of [1, 2]) {
          const adts = clip(rate, channels)
          const decoded = await page.evaluate(
            async ([text, hz, count]) => {
              const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
              const context = new OfflineAudioContext(count, 1, hz)
              const audio = await context.decodeAudioData(bytes.buffer)
              let peak = 0
              for (let c = 0; c < audio.numberOfChannels; c++)
                for (const x of audio.getChannelData(c)) peak = Math.max(peak, Math.abs(x))
              return { samples: audio.length, channels: audio.numberOfChannels, peak }
            },
            [Buffer.from(adts).toString('base64'), rate, channels] as [string, number, number],
          )
          const samples = 1024 * countFrames(adts)
          assert.equal(decoded.channels, channels)
          // Chromium drops its decoder's first frame or so
          assert.ok(
            Math.abs(decoded.samples - samples) <= 3 * 1024,
            `${rate} ${channels}: ${decoded.samples}, ${samples}`,
          )
          assert.ok(
            decoded.peak > 0.9 && decoded.peak < 2.5,
            `${rate} ${channels}: peak ${decoded.peak}`,
          )
        }
    } finally {
      await browser.close()
    }
  })
})
