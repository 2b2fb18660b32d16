/** H.265: a browser without a decoder says so and converts, one with a decoder plays it. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import puppeteer, { type Browser as Firefox, type Page as FirefoxPage } from 'puppeteer-core'
import { type TestCloud, until } from '../cloud/support/cloud.ts'
import type { TestDevice } from '../cloud/support/device.ts'
import { buildFolder } from '../support/paths.ts'
import { needTool, toolPath } from '../support/tools.ts'
import { Browser, WAIT_MS } from './support/browser.ts'
import { addCamera, minutesAgo, openWorld, record } from './support/world.ts'

const skip = needTool('chromium', 'firefox', 'ffmpeg')

describe('H.265', { skip, timeout: 240_000 }, () => {
  let cloud: TestCloud
  let device: TestDevice
  const startMs = minutesAgo(30)

  before(async () => {
    cloud = await openWorld()
    device = await addCamera(cloud, 'front-door', 'Front door')
    await record(device, { startUtcMs: startMs, boot: 'a', format: 'fmp4', codec: 'h265' })
  })
  after(async () => {
    await device?.close()
    await cloud?.remove()
  })

  describe('in Chromium, which has no decoder', () => {
    let browser: Browser
    before(async () => {
      browser = await Browser.open()
      await browser.page.goto(cloud.viewerUrl)
      await browser.page.waitForSelector('.device[aria-current=true]')
    })
    after(() => browser?.close())

    test('the page says why nothing is shown, and converts a part in the page', async () => {
      const { page } = browser
      await browser.playAt(startMs + 2000)
      await browser.untilText('#empty h3', /cannot play this recording/)
      await browser.screenshot('h265')
      await page.click('#convert')
      // ffmpeg in one thread, on a machine that does other things too
      await until(
        'the converted part',
        async () => (await browser.state()).mode === 'clip',
        120_000,
      )
      const { utcMs } = await browser.playing(startMs + 2000, startMs + 11_000)
      assert.ok(utcMs)
      await browser.untilPicture()
      assert.deepEqual(browser.faults, [])
    })
  })

  describe('in Firefox', () => {
    let firefox: Firefox
    let page: FirefoxPage
    const profile = mkdtempSync(join(tmpdir(), 'skyrill-firefox-'))
    before(
      async () => {
        firefox = await puppeteer.launch({
          browser: 'firefox',
          executablePath: toolPath('firefox'),
          headless: true,
          userDataDir: profile,
          protocolTimeout: 120_000,
          extraPrefsFirefox: { 'media.autoplay.default': 0 },
        })
        page = await firefox.newPage()
        await page.setViewport({ width: 1280, height: 860 })
      },
      { timeout: 120_000 },
    )
    after(async () => {
      await firefox?.close()
      rmSync(profile, { recursive: true, force: true })
    })

    test('it plays, and small pictures of it are decoded too', async () => {
      await page.goto(cloud.viewerUrl)
      await page.waitForSelector('.device[aria-current=true]', { timeout: WAIT_MS })
      await page.evaluate(`__skyrill.playAt(${startMs + 2000})`)
      const tell = <T>(expression: string) => page.evaluate(expression) as Promise<T>
      await until(
        'the picture',
        () =>
          tell<boolean>(
            `__skyrill.utcMs > ${startMs + 2500} && document.querySelector('video').videoWidth === 640`,
          ),
        60_000,
      )
      assert.equal(await tell('__skyrill.engine'), 'hls.js')
      await until(
        'the picture in the list',
        () => tell<boolean>(`document.querySelector('.thumb img') !== null`),
        60_000,
      )
      await page.screenshot({
        path: join(buildFolder('screenshots'), 'page-firefox-h265.png') as `${string}.png`,
      })
    })
  })
})
