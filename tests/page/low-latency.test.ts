/** How old the picture of live is, as the page says it and by a clock that is burnt into it. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { TestCloud } from '../cloud/support/cloud.ts'
import { TestDevice } from '../cloud/support/device.ts'
import { withTempFolder } from '../support/paths.ts'
import { needTool } from '../support/tools.ts'
import { Browser } from './support/browser.ts'
import { FPS, makeClock, Push, READ_CLOCK, readFirst } from './support/push.ts'
import { openWorld } from './support/world.ts'

/** A bound for a machine that is busy, not a figure; the figures are printed. */
const BEHIND_MAX_MS = 20_000
/** The server's clock is this machine's, measured over the answer to a request. */
const CLOCKS_MAX_MS = 5000
const CLOCK_S = 80

type Shown = { number: number; utcMs: number; behindMs: number; pace: string; nowMs: number }
const SHOWN = `({
  number: ${READ_CLOCK},
  utcMs: __skyrill.utcMs,
  behindMs: __skyrill.behindMs,
  pace: __skyrill.pace,
  nowMs: Date.now(),
})`

for (const format of ['fmp4'] as const)
  describe(`live from ${format}`, {
    skip: needTool('chromium', 'ffmpeg'),
    timeout: 240_000,
  }, () => {
    let cloud: TestCloud
    let browser: Browser

    before(async () => {
      cloud = await openWorld()
      await new TestDevice(cloud, 'P1', 'clock').register()
      browser = await Browser.open()
    })
    after(async () => {
      await browser?.close()
      await cloud?.remove()
    })

    /** Number and time of the first picture that the cloud has. */
    const firstPicture = async (folder: string, nowMs: number) => {
      const range = `from=${nowMs - 3_600_000}&to=${nowMs + 60_000}`
      const answer = await cloud.api('GET', `/devices/P1/clock/channels/0/slices?${range}`)
      const { slices } = (await answer.json()) as { slices: { startMs: number; url: string }[] }
      const { url, startMs } = slices[0]!
      const headers = { Authorization: `Bearer ${cloud.viewerToken}` }
      const file = await fetch(cloud.httpUrl + url, { headers })
      assert.equal(file.status, 200)
      const path = join(folder, `first.${format}`)
      writeFileSync(path, new Uint8Array(await file.arrayBuffer()))
      return { number: readFirst(path), atMs: startMs }
    }

    test('it says how far behind the camera it is', async () => {
      await withTempFolder(async (folder) => {
        const clip = join(folder, 'clock.h264')
        makeClock(clip, CLOCK_S)
        const push = new Push(cloud.mqttUrl, 'clock', ['--input', clip, '--format', format])
        try {
          const { page } = browser
          const lists: string[] = []
          page.on('request', (request) => {
            if (request.url().includes('/playlist.m3u8')) lists.push(request.url())
          })
          await page.goto(cloud.viewerUrl)
          await browser.playing(0)
          await browser.until('live', `__skyrill.mode === 'live' && __skyrill.pace === 'near'`)
          // a while, so that it comes to where it stays
          const { utcMs } = await browser.state()
          await browser.playing(utcMs! + 6000)
          await browser.untilText('#behind', /^\d+ s behind$/)
          const live = await page.evaluate<Shown>(SHOWN)
          console.log(
            `live from ${format}: ${live.nowMs - live.utcMs} ms behind the camera, with a GOP of 2 s`,
          )
          assert.ok(live.nowMs - live.utcMs < BEHIND_MAX_MS)
          assert.ok(
            Math.abs(live.behindMs - (live.nowMs - live.utcMs)) < CLOCKS_MAX_MS,
            `${live.behindMs}`,
          )
          const isLow = lists.some((url) => /latency=low/.test(url) && /_HLS_part=/.test(url))
          assert.equal(isLow, format === 'fmp4', 'fMP4 has parts that are waited for, TS has none')
          await browser.screenshot(`live-${format}`)

          // a figure, not a check: the burnt clock counts pictures, and a busy machine keeps the camera from making them in time;
          // by the first picture that the cloud has, and the number that is seen, the time is known without the page
          await page.keyboard.press(' ')
          await browser.until(
            'the pause',
            `document.querySelector('video').paused && !document.querySelector('video').seeking`,
          )
          const still = await page.evaluate<Shown>(SHOWN)
          const first = await firstPicture(folder, live.nowMs)
          const seenMs = first.atMs + ((still.number - first.number) / FPS) * 1000
          const apartMs = still.utcMs - seenMs
          console.log(`live from ${format}: ${apartMs} ms from what the burnt clock says`)
          assert.deepEqual(browser.faults, [])
        } finally {
          await push.stop()
        }
      })
    })
  })
