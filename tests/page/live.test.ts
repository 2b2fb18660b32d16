/** Following what is being recorded, also over a restart of the server. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openCloud, type TestCloud, until } from '../cloud/support/cloud.ts'
import { sliceId, type TestDevice } from '../cloud/support/device.ts'
import { makeSlices } from '../cloud/support/media.ts'
import { withTempFolder } from '../support/paths.ts'
import { needTool } from '../support/tools.ts'
import { Browser, WAIT_MS } from './support/browser.ts'
import { addCamera, openWorld } from './support/world.ts'

/** A page that has fallen back further than this follows nothing; it is a bound for a machine that is busy, not a figure. */
const BEHIND_MAX_MS = 20_000

describe('live', { skip: needTool('chromium', 'ffmpeg'), timeout: 240_000 }, () => {
  let cloud: TestCloud
  let device: TestDevice
  let browser: Browser

  before(async () => {
    cloud = await openWorld()
    device = await addCamera(cloud, 'front-door', 'Front door')
    browser = await Browser.open()
    await browser.page.goto(cloud.viewerUrl)
    await browser.page.waitForSelector('.device[aria-current=true]')
  })
  after(async () => {
    await browser?.close()
    await device?.close()
    await cloud?.remove()
  })

  /** Sends a slice as a camera does, each GOP when its last picture has been made; goes on after a restart. */
  const record = async (number: number, seconds: number) => {
    const [slice] = await withTempFolder((folder) => makeSlices(folder, { seconds }))
    // making it takes a while on a busy machine: its time counts from now
    const liveMs = Date.now()
    const { data, pieces } = slice!
    const start = { ...slice!.start, id: sliceId(number), startUtcMs: liveMs }
    assert.equal((await device.create(start)).status, 201)
    const ended = { isAsked: false }
    const done = (async () => {
      for (const { t, ...rest } of pieces) {
        const piece = { ...rest, t: t + liveMs }
        const waitMs = piece.t + piece.d - Date.now()
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
        if (ended.isAsked) return
        const bytes = data.subarray(piece.o, piece.o + piece.b)
        const isTaken = () =>
          device.append(start.id, piece.o, bytes, { pieces: [piece] }).then(
            ({ status }) => status === 204,
            () => false,
          )
        await until('the server', isTaken, WAIT_MS)
      }
    })()
    const stop = () => {
      ended.isAsked = true
      return done
    }
    return { liveMs, stop }
  }

  test('a camera that begins to record is shown as recording, and followed', async () => {
    const { liveMs, stop } = await record(1, 30)
    try {
      await browser.untilText('.device', /REC.*Recording/)
      const first = await browser.playing(liveMs)
      assert.equal(first.mode, 'live')
      assert.equal(first.engine, 'hls.js')
      assert.equal(await browser.page.getAttribute('#live', 'aria-pressed'), 'true')
      const later = await browser.playing(first.utcMs! + 3000)
      const behindMs = Date.now() - later.utcMs!
      console.log(`live: ${behindMs} ms behind the camera, with a GOP of 1 s`)
      assert.ok(behindMs < BEHIND_MAX_MS, `${behindMs} ms behind`)
      await browser.untilPicture()
      await browser.screenshot('live')
      assert.deepEqual(browser.faults, [])
    } finally {
      await stop()
    }
  })

  test('one looks back while it records, and goes live again', async () => {
    const { liveMs, stop } = await record(2, 60)
    try {
      await browser.page.click('#live')
      await browser.playing(liveMs)
      // what was recorded first is complete by now
      await browser.playAt(liveMs)
      const back = await browser.playing(liveMs)
      assert.equal(back.mode, 'range')
      await browser.page.locator('body').press('l')
      await until('live', async () => (await browser.state()).mode === 'live')
      await browser.playing(liveMs)
      assert.deepEqual(browser.faults, [])
    } finally {
      await stop()
    }
  })

  test('it goes on by itself after a restart of the server, and says what happened', async () => {
    const { liveMs, stop } = await record(3, 90)
    try {
      await browser.page.click('#live')
      await browser.playing(liveMs)
      await cloud.close()
      await browser.untilText('#notice-text', /cannot be reached/)
      const restartedMs = Date.now()
      const httpPort = Number(new URL(cloud.httpUrl).port)
      cloud = await openCloud({ httpPort, apiPerSecond: 1000 }, {}, cloud.folder)
      device.cloud = cloud
      const { mode } = await browser.playing(restartedMs)
      assert.equal(mode, 'live')
      await browser.until('the message to go', `document.querySelector('#notice').hidden`)
      // the browser itself reports requests that failed
      const others = browser.faults.splice(0).filter((fault) => !/ERR_CONNECTION|503/.test(fault))
      assert.deepEqual(others, [])
    } finally {
      await stop()
    }
  })
})
