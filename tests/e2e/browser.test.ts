import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { openCloud, type TestCloud, until } from '../cloud/support/cloud.ts'
import { TestDevice } from '../cloud/support/device.ts'
import { makeSlices } from '../cloud/support/media.ts'
import { CHROMIUM_ARGS } from '../support/chromium.ts'
import { ffmpeg } from '../support/ffmpeg.ts'
import { buildFolder, withTempFolder } from '../support/paths.ts'
import { needTool, toolPath } from '../support/tools.ts'
import { reservePort } from './support/cloud-process.ts'

/** What the page tells (`window.__skyrill`). */
type PageState = { engine: string; mode: string; utcMs: number | null; currentTime: number }

// what runs in the page is text, as these files know no DOM; the page's own policy forbids it to wait for text
const STATE = `({
  engine: __skyrill.engine,
  mode: __skyrill.mode,
  utcMs: __skyrill.utcMs ?? null,
  currentTime: document.querySelector('video').currentTime,
})`

/** How many colours (two bits a channel) the shown picture has: testsrc2 has many, a black picture one. */
const COLOURS = `(() => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 36 })
  const pen = canvas.getContext('2d')
  pen.drawImage(document.querySelector('video'), 0, 0, 64, 36)
  const { data } = pen.getImageData(0, 0, 64, 36)
  const seen = new Set()
  for (let at = 0; at < data.length; at += 4)
    seen.add(((data[at] >> 6) << 4) | ((data[at + 1] >> 6) << 2) | (data[at + 2] >> 6))
  return seen.size
})()`

const skip = needTool('chromium', 'ffmpeg')

describe('the page in Chromium', { skip, timeout: 110_000 }, () => {
  let cloud: TestCloud
  let device: TestDevice
  let context: BrowserContext
  let page: Page
  const profile = mkdtempSync(join(tmpdir(), 'skyrill-chromium-'))
  const faults: string[] = []
  // half an hour ago, in TS; a minute later in fMP4
  const startMs = Math.floor(Date.now() / 1000) * 1000 - 30 * 60_000

  const state = (): Promise<PageState> => page.evaluate(STATE)
  const playAt = (utcMs: number) => page.evaluate(`__skyrill.playAt(${utcMs})`)
  const screenshot = (name: string) =>
    page.screenshot({ path: join(buildFolder('screenshots'), `${name}.png`) })

  /** Waits until the picture of a moment, or of one after it, is shown. */
  const playing = async (fromMs: number): Promise<PageState> => {
    const isShown = `__skyrill.utcMs > ${fromMs} && !document.querySelector('video').paused`
    await until('the picture', () => page.evaluate<boolean>(isShown), 20_000)
    return state()
  }

  before(async () => {
    // the same port after a restart: the page knows no other
    cloud = await openCloud({ httpPort: await reservePort() })
    device = await new TestDevice(cloud, 'P1', 'front-door').register()
    await device.authorize()
    await withTempFolder(async (folder) => {
      const slices = [
        ...makeSlices(folder, { count: 2, startUtcMs: startMs, boot: 'a' }),
        ...makeSlices(folder, { startUtcMs: startMs + 60_000, boot: 'b', format: 'fmp4' }),
      ]
      for (const { start, data, pieces } of slices) await device.upload(start, data, pieces)
    })
    context = await chromium.launchPersistentContext(profile, {
      executablePath: toolPath('chromium'),
      args: CHROMIUM_ARGS,
      viewport: { width: 1280, height: 860 },
    })
    page = await context.newPage()
    page.on('pageerror', (error) => faults.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text())
    })
  })
  after(async () => {
    await context?.close()
    await device?.close()
    await cloud?.remove()
    rmSync(profile, { recursive: true, force: true })
  })

  test('without a token it says how to get in', async () => {
    await page.goto(cloud.httpUrl)
    await page.waitForSelector('#notice:not([hidden])')
    assert.match((await page.textContent('#notice-text')) ?? '', /address that the server printed/)
    // the browser itself reports the 401
    faults.length = 0
  })

  test('with the address that the server prints it lists the camera', async () => {
    await page.goto(cloud.viewerUrl)
    assert.equal(page.url(), `${cloud.httpUrl}/`, 'the token has left the address')
    await page.waitForSelector('.device')
    assert.match((await page.textContent('.device')) ?? '', /front-door.*online/)
    const day: number = await page.evaluate('new Date().setHours(0, 0, 0, 0)')
    // half an hour ago may be yesterday
    if (startMs < day) await page.click('#day-before')
    await until('the sum', async () => (await page.textContent('#summary')) === '30 s recorded')
  })

  test('it plays a chosen moment through hls.js, over the end of a slice', async () => {
    await playAt(startMs + 4000)
    const first = await playing(startMs + 4000)
    assert.equal(first.engine, 'hls.js')
    assert.equal(first.mode, 'range')
    assert.ok(first.utcMs! < startMs + 8000, `started at ${first.utcMs! - startMs} ms`)
    // the next slice, whose timestamps begin anew
    const later = await playing(startMs + 13_000)
    assert.ok(later.utcMs! < startMs + 20_000)
    assert.ok(later.currentTime - first.currentTime > 5)
    assert.ok((await page.evaluate<number>(COLOURS)) > 12, 'the picture is the recorded one')
    await screenshot('page-light')
    assert.equal(await page.isVisible('#notice'), false)
    assert.deepEqual(faults, [])
  })

  test('fMP4 plays too, and what was not recorded is skipped', async () => {
    await playAt(startMs + 30_000)
    const { utcMs } = await playing(startMs + 60_000)
    assert.ok(utcMs! < startMs + 70_000)
    assert.match((await page.textContent('#notice-text')) ?? '', /Nothing was recorded at/)
    assert.ok((await page.evaluate<number>(COLOURS)) > 12, 'the picture is the recorded one')
    assert.deepEqual(faults, [])
  })

  test('an event is shown with its picture and plays when it is chosen', async () => {
    const params = {
      ...{
        channel: 0,
        key: 'eeeeeeeeeeeeeeee-00000001',
        eventId: 5,
        info: 'Somebody at the door',
        ai: 0,
      },
      ...{ startMs: startMs + 12_000, videoStartMs: startMs + 11_000 },
    }
    const begun = await device.ask('event', 'event_start', params)
    assert.ok(begun.method === 'event_start_reply' && begun.data)
    const { url, token } = begun.data.picture
    const jpeg = await withTempFolder((folder) => {
      const path = join(folder, 'shot.jpg')
      ffmpeg('-f', 'lavfi', '-i', 'testsrc2=size=320x180', '-frames:v', '1', path)
      return readFileSync(path)
    })
    const put = await fetch(url, {
      method: 'PUT',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'image/jpeg' },
      body: jpeg,
    })
    assert.equal(put.status, 204)
    const ended = {
      endMs: startMs + 18_000,
      videoEndMs: startMs + 19_000,
      video: 'whole',
      picture: 'done',
    }
    const stopped = await device.ask('event', 'event_stop', { ...params, ...ended })
    assert.equal(stopped.method === 'event_stop_reply' && stopped.code, 0, JSON.stringify(stopped))

    const card = page.locator('.event')
    await card.waitFor()
    await until('its end', async () =>
      /6 s/.test((await card.locator('.detail').textContent()) ?? ''),
    )
    await until('the picture', () =>
      page.evaluate<boolean>(`document.querySelector('img.shot').naturalWidth === 320`),
    )
    await card.click()
    const { utcMs } = await playing(startMs + 11_000)
    assert.ok(utcMs! < startMs + 14_000, `${utcMs! - startMs} ms`)
    assert.ok((await page.evaluate<number>(COLOURS)) > 12, 'the picture is the recorded one')
    await page.click('#event-before')
    await until('the message', () => page.isVisible('#notice'))
    assert.match((await page.textContent('#notice-text')) ?? '', /no earlier event/)
    await screenshot('page-event')
    assert.deepEqual(faults, [])
  })

  /** Sends a slice as a camera does, each GOP when its last picture has been made; goes on after a restart. */
  const record = async (boot: string, seconds: number) => {
    const liveMs = Date.now()
    const [slice] = await withTempFolder((folder) =>
      makeSlices(folder, { seconds, startUtcMs: liveMs, boot }),
    )
    const { start, data, pieces } = slice!
    assert.equal((await device.create(start)).status, 201)
    const ended = { isAsked: false }
    const done = (async () => {
      for (const piece of pieces) {
        const waitMs = piece.t + piece.d - Date.now()
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
        if (ended.isAsked) return
        const bytes = data.subarray(piece.o, piece.o + piece.b)
        await until('the server', () =>
          device.append(start.id, piece.o, bytes, { pieces: [piece] }).then(
            ({ status }) => status === 204,
            () => false,
          ),
        )
      }
    })()
    const stop = () => {
      ended.isAsked = true
      return done
    }
    return { liveMs, stop }
  }

  test('it follows what is being recorded', async () => {
    const { liveMs, stop } = await record('c', 20)
    try {
      await until('the camera to be shown as recording', async () =>
        /REC/.test((await page.textContent('.device')) ?? ''),
      )
      await page.click('#live')
      const first = await playing(liveMs)
      assert.equal(first.mode, 'live')
      assert.equal(first.engine, 'hls.js')
      const later = await playing(first.utcMs! + 6000)
      const behindMs = Date.now() - later.utcMs!
      console.log(`live: ${behindMs} ms behind the camera, with a GOP of 1 s`)
      assert.ok(behindMs < 8000, `${behindMs} ms behind`)
      await screenshot('page-live')
      assert.deepEqual(faults, [])
    } finally {
      await stop()
    }
  })

  test('live goes on by itself after a restart of the server, and says what happened', async () => {
    const { liveMs, stop } = await record('d', 30)
    try {
      await page.click('#live')
      await playing(liveMs)
      await cloud.close()
      await until('the message', async () =>
        /cannot be reached/.test((await page.textContent('#notice-text')) ?? ''),
      )
      const restartedMs = Date.now()
      cloud = await openCloud({ httpPort: Number(new URL(cloud.httpUrl).port) }, {}, cloud.folder)
      device.cloud = cloud
      const { mode } = await playing(restartedMs + 3000)
      assert.equal(mode, 'live')
      await until('the message to go', async () => !(await page.isVisible('#notice')))
      // the browser itself reports requests that failed
      const others = faults.splice(0).filter((fault) => !/ERR_CONNECTION/.test(fault))
      assert.deepEqual(others, [])
    } finally {
      await stop()
    }
  })

  test('the time line is used by mouse and by keyboard', async () => {
    await page.focus('#timeline')
    await page.keyboard.press('Home')
    const text = () => page.getAttribute('#timeline', 'aria-valuetext')
    assert.match((await text()) ?? '', /00:00:00, nothing recorded/)
    await page.keyboard.press('PageUp')
    assert.match((await text()) ?? '', /00:10:00/)
    await page.keyboard.press('Home')
    await page.keyboard.press('Enter')
    const byKeyboard = await playing(startMs)
    assert.ok(byKeyboard.utcMs! < startMs + 10_000)

    const box = (await page.locator('#timeline').boundingBox())!
    const day = await page.evaluate<number>(`new Date(${startMs}).setHours(0, 0, 0, 0)`)
    const x = box.x + ((startMs + 60_000 - day) / 86_400_000) * box.width
    await page.mouse.move(x, box.y + 60)
    // zoomed in at the pointer, a pixel is seconds and not minutes
    for (let turn = 0; turn < 12; turn++) await page.mouse.wheel(0, -400)
    await page.mouse.click(x, box.y + 60)
    await playing(startMs)
    assert.deepEqual(faults, [])
  })

  test('it fits the dark and a phone', async () => {
    await page.emulateMedia({ colorScheme: 'dark' })
    await page.click('#day')
    await page.waitForSelector('#dates button.recorded')
    await screenshot('page-dark')
    await page.keyboard.press('Escape')
    await page.setViewportSize({ width: 390, height: 844 })
    await page.waitForTimeout(300)
    await screenshot('page-phone')
    const excess = await page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    )
    assert.equal(excess, 0, 'nothing is wider than the phone')
    assert.deepEqual(faults, [])
  })
})
