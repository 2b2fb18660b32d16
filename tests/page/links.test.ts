/** Links to media that expire while something plays: the page fetches new ones, and nobody notices. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type TestCloud, until } from '../cloud/support/cloud.ts'
import type { TestDevice } from '../cloud/support/device.ts'
import { needTool } from '../support/tools.ts'
import { Browser, WAIT_MS } from './support/browser.ts'
import { addCamera, minutesAgo, openWorld, record } from './support/world.ts'

/** Links hold for one to two of these; the player loads a minute ahead, so the recording is longer. */
const LINK_MS = 2000
const SLICE_S = 30

describe('links that expire', { skip: needTool('chromium', 'ffmpeg'), timeout: 240_000 }, () => {
  let cloud: TestCloud
  let device: TestDevice
  let browser: Browser
  // a range that is over: the list of one that is not is fetched again and again, with new links
  const startMs = minutesAgo(120)
  const endMs = startMs + 4 * SLICE_S * 1000
  /** what the page loaded, by kind */
  let playlists = 0
  let refused = 0
  let lastMedia = ''

  before(async () => {
    cloud = await openWorld({ linkMs: LINK_MS })
    device = await addCamera(cloud, 'front-door', 'Front door')
    const source = 'testsrc2=size=160x90'
    await record(device, { count: 4, seconds: SLICE_S, startUtcMs: startMs, boot: 'a', source })
    browser = await Browser.open()
    const { page } = browser
    page.on('response', (response) => {
      const url = response.url()
      if (url.includes('/master.m3u8')) playlists++
      if (!url.includes('/media/')) return
      if (response.status() === 403) refused++
      else lastMedia = url
    })
    await page.goto(cloud.viewerUrl)
    // small pictures have playlists of their own
    await page.waitForSelector('.thumb img')
    await page.evaluate(`globalThis.notices = []
      new MutationObserver(() => notices.push(document.querySelector('#notice-text').textContent))
        .observe(document.querySelector('#notice'), { attributes: true, subtree: true, childList: true })`)
  })
  after(async () => {
    await browser?.close()
    await device?.close()
    await cloud?.remove()
  })

  /** Plays from a moment on, until something is loaded. */
  const begin = async (atMs: number) => {
    await browser.page.selectOption('#speed', '1')
    // another list than the one that plays: its links are new
    await browser.page.evaluate(`__skyrill.stop()`)
    playlists = 0
    refused = 0
    await browser.playAt(atMs)
    await browser.playing(atMs)
  }
  /** Waits until the link of what was loaded last is not good any more. */
  const expired = () =>
    until('the link to expire', async () => (await fetch(lastMedia)).status === 403, WAIT_MS)

  /** The links were refused, yet nothing was said, and the player goes on with the playlist that it had. */
  const unnoticed = async () => {
    assert.ok(refused > 0, 'no link had expired')
    assert.equal(playlists, 1, 'the player was begun anew')
    const shown = (await browser.page.evaluate<string[]>('notices')).filter((text) => text !== '')
    assert.deepEqual(shown, [])
    // the browser itself reports the requests that were refused
    const others = browser.faults.splice(0).filter((fault) => !/403/.test(fault))
    assert.deepEqual(others, [])
  }

  test('it plays on past the end of the links', async () => {
    await begin(startMs)
    await browser.page.selectOption('#speed', '8')
    await browser.playing(startMs + 70_000, endMs)
    await browser.untilPicture()
    await unnoticed()
  })

  test('after a pause it goes on, and elsewhere in the recording too', async () => {
    await begin(startMs)
    await browser.page.locator('body').press(' ')
    await browser.until('the pause', `document.querySelector('video').paused`)
    await expired()
    await browser.page.locator('body').press(' ')
    await browser.playing(startMs)
    await browser.playAt(startMs + 90_000)
    await browser.playing(startMs + 90_000, endMs)
    await browser.untilPicture()
    await unnoticed()
  })

  test('a browser that slept goes on when it wakes', async () => {
    await begin(startMs + 1000)
    await browser.asleep(expired)
    await browser.playing(startMs + 1000)
    await browser.playAt(startMs + 100_000)
    await browser.playing(startMs + 100_000, endMs)
    await unnoticed()
  })
})
