/** What a person does to watch recordings, in Chromium. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { TestCloud } from '../cloud/support/cloud.ts'
import type { TestDevice } from '../cloud/support/device.ts'
import { needTool } from '../support/tools.ts'
import { Browser } from './support/browser.ts'
import {
  addCamera,
  jpegOf,
  minutesAgo,
  openWorld,
  record,
  tellEvent,
  tellLoss,
} from './support/world.ts'

const DAY_MS = 86_400_000

describe('watching', { skip: needTool('chromium', 'ffmpeg'), timeout: 240_000 }, () => {
  let cloud: TestCloud
  let device: TestDevice
  let browser: Browser
  // TS, then TS again after a loss, then fMP4
  const startMs = minutesAgo(40)
  const lossMs = startMs + 20_000
  const secondMs = startMs + 60_000
  const fmp4Ms = startMs + 180_000

  const notice = () => browser.untilText('#notice-text', /./)
  const value = () => browser.page.getAttribute('#timeline', 'aria-valuetext')
  const view = () => browser.page.evaluate<{ fromMs: number; toMs: number }>('__skyrill.view')

  /** Shows so much around a moment, and waits for what there is in this detail. */
  const show = async (aroundMs: number, spanMs: number) => {
    await browser.page.evaluate(`__skyrill.show(${aroundMs - spanMs / 2}, ${spanMs})`)
    await browser.until('the detail', `__skyrill.recordings.some((r) => r.startMs === ${secondMs})`)
  }
  /** Where a moment is on the strip. */
  const placeOf = async (utcMs: number, y = 90) => {
    const box = (await browser.page.locator('#timeline').boundingBox())!
    const { fromMs, toMs } = await view()
    return { x: box.x + ((utcMs - fromMs) / (toMs - fromMs)) * box.width, y: box.y + y }
  }

  before(async () => {
    cloud = await openWorld()
    device = await addCamera(cloud, 'front-door', 'Front door')
    await addCamera(cloud, 'garage', 'Garage').then((garage) => garage.close())
    await record(device, { count: 2, startUtcMs: startMs, boot: 'a' })
    await record(device, { count: 2, startUtcMs: secondMs, boot: 'b' })
    await record(device, { count: 1, startUtcMs: fmp4Ms, boot: 'c', format: 'fmp4' })
    await tellLoss(device, { number: 1, startMs: lossMs, endMs: secondMs, cause: 'network' })
    const picture = await jpegOf('testsrc2=size=320x180')
    const at = { startMs: secondMs + 6000, endMs: secondMs + 12_000 }
    await tellEvent(device, {
      number: 1,
      eventId: 1,
      info: 'Somebody at the door',
      ...at,
      picture,
      ai: 1,
    })
    const later = { startMs: fmp4Ms + 3000, endMs: fmp4Ms + 6000 }
    await tellEvent(device, { number: 2, eventId: 2, info: '<b>Parcel</b>', ...later })
    browser = await Browser.open()
  })
  after(async () => {
    await browser?.close()
    await device?.close()
    await cloud?.remove()
  })

  test('without a session it asks who is there, and a wrong token is refused', async () => {
    const { page } = browser
    await page.goto(cloud.httpUrl)
    await page.waitForSelector('.login input')
    await page.click('.login .link')
    await page.fill('input[name=token]', 'not the token')
    await page.click('.login .primary')
    await browser.untilText('.login .form-fault', /not valid/)
    assert.equal(await page.isVisible('#timeline'), false)
    await page.fill('input[name=token]', cloud.viewerToken)
    await page.click('.login .primary')
    await page.waitForSelector('.device')
    assert.equal(await page.isVisible('#add-camera'), false, 'a viewer adds no camera')
    // the browser itself reports the 401s; nothing must ask any more when the session goes
    await page.goto('about:blank')
    await page.context().clearCookies()
    browser.faults.length = 0
  })

  test('with the address that the server prints it lists the cameras with state, plan and picture', async () => {
    const { page } = browser
    await page.goto(cloud.viewerUrl)
    await page.waitForURL(/^http:\/\/[^?]*$/)
    await browser.untilText('[data-camera="P1/front-door/0"]', /Front door.*Online.*Full time/)
    await browser.untilText('[data-camera="P1/garage/0"]', /Garage.*(Offline|Never)/)
    await page.waitForSelector('[data-camera="P1/front-door/0"] .thumb img')
    const day: number = await page.evaluate('new Date().setHours(0, 0, 0, 0)')
    // half an hour ago may be yesterday
    if (startMs < day) await page.click('#day-before')
    await show(secondMs, 600_000)
    await browser.untilText('#summary', /^50 s recorded · 40 s missing$/)
    assert.deepEqual(browser.faults, [])
  })

  test('it plays a chosen moment through hls.js, over the end of a slice', async () => {
    await browser.playAt(startMs + 7000)
    const first = await browser.playing(startMs + 7000)
    assert.equal(first.engine, 'hls.js')
    assert.equal(first.mode, 'range')
    assert.ok(first.utcMs! < startMs + 10_000, `started at ${first.utcMs! - startMs} ms`)
    // the next slice, whose timestamps begin anew
    const later = await browser.playing(startMs + 11_000)
    assert.ok(later.currentTime > first.currentTime)
    await browser.untilPicture()
    assert.equal(await browser.page.isVisible('#notice'), false)
    assert.deepEqual(browser.faults, [])
  })

  test('what was not recorded is skipped, and fMP4 plays too', async () => {
    await browser.playAt(startMs + 30_000)
    await browser.playing(secondMs, secondMs + 20_000)
    assert.match(await notice(), /Nothing was recorded at/)
    await browser.page.click('#notice-close')
    await browser.playAt(fmp4Ms + 1000)
    await browser.playing(fmp4Ms + 1000, fmp4Ms + 10_000)
    await browser.untilPicture()
    assert.deepEqual(browser.faults, [])
  })

  test('pictures are stepped through one by one, in both ways', async () => {
    const { page } = browser
    await browser.playAt(startMs + 3000)
    await browser.playing(startMs + 3000)
    await page.keyboard.press(' ')
    await browser.until('the pause', `document.querySelector('video').paused`)
    const at = async () => (await browser.state()).currentTime
    const steps: number[] = []
    for (const id of ['#frame-next', '#frame-next', '#frame-back', '#frame-back']) {
      const before = await at()
      await page.click(id)
      await browser.until(
        'the other picture',
        `document.querySelector('video').currentTime !== ${before} && !document.querySelector('video').seeking`,
      )
      steps.push((await at()) - before)
    }
    // the first step goes to a picture's middle, those after it from middle to middle: 25 pictures a second
    assert.ok(steps[1]! > 0.03 && steps[1]! < 0.05, `${steps}`)
    assert.ok(steps[3]! < -0.03 && steps[3]! > -0.05, `${steps}`)
    assert.equal((await browser.state()).paused, true)
  })

  test('speed and sound are changed by control and by key', async () => {
    const { page } = browser
    const rate = () => page.evaluate<number>(`document.querySelector('video').playbackRate`)
    await page.selectOption('#speed', '4')
    assert.equal(await rate(), 4)
    await page.focus('#stage')
    await page.locator('body').press('<')
    assert.equal(await rate(), 2)
    await page.locator('body').press('<')
    assert.equal(await rate(), 1)
    await page.locator('body').press('m')
    assert.equal(await page.getAttribute('#mute', 'aria-label'), 'Turn sound off')
    await page.click('#mute')
    assert.equal(await page.getAttribute('#mute', 'aria-label'), 'Turn sound on')
  })

  test('the keyboard moves on the time line and plays', async () => {
    const { page } = browser
    await browser.playAt(startMs + 2000)
    await browser.playing(startMs + 2000)
    await show(startMs + 2000, 600_000)
    await page.focus('#timeline')
    await page.keyboard.press('Home')
    assert.match((await value()) ?? '', /nothing recorded/)
    // from the left end, to a moment whose recording begins right after it
    await page.keyboard.press('Enter')
    await browser.playing(startMs, startMs + 10_000)
    await page.keyboard.press('Shift+ArrowRight')
    assert.match((await value()) ?? '', /^\d\d:\d\d:\d\d, /)
    const before = (await view()).toMs - (await view()).fromMs
    await page.keyboard.press('+')
    const after = (await view()).toMs - (await view()).fromMs
    assert.ok(Math.abs(after - before / 2) < 1, `${before} to ${after}`)
    assert.deepEqual(browser.faults, [])
  })

  test('the mouse zooms from a month to seconds, a click plays at once', async () => {
    const { page } = browser
    await browser.playAt(secondMs + 2000)
    await browser.playing(secondMs + 2000)
    await page.selectOption('#span', String(30 * DAY_MS))
    await browser.until('a month', `__skyrill.view.toMs - __skyrill.view.fromMs === ${30 * DAY_MS}`)
    await browser.until('the recordings', `__skyrill.recordings.length > 0`)
    await browser.screenshot('month')
    const isClose = `__skyrill.view.toMs - __skyrill.view.fromMs <= 20000`
    for (let turn = 0; turn < 60 && !(await page.evaluate(isClose)); turn++) {
      // a pixel is most of an hour at first, so the pointer follows the moment
      const { x, y } = await placeOf(secondMs + 2000)
      await page.mouse.move(x, y)
      await page.mouse.wheel(0, -400)
      // wheels of the mouse and views of the page are not in step by themselves
      await page.evaluate('new Promise((resolve) => requestAnimationFrame(resolve))')
    }
    assert.ok(await page.evaluate(isClose), 'seconds are shown')
    // a pixel is 15 ms now
    await browser.until('the edge', `__skyrill.recordings.some((r) => r.startMs === ${secondMs})`)
    const to = await placeOf(secondMs + 4000)
    await page.mouse.click(to.x, to.y)
    await browser.playing(secondMs + 4000, secondMs + 12_000)
    assert.deepEqual(browser.faults, [])
  })

  test('dragging moves the strip', async () => {
    const { page } = browser
    await show(secondMs, 600_000)
    const before = await view()
    const from = await placeOf((before.fromMs + before.toMs) / 2 + 100_000)
    await page.mouse.move(from.x, from.y)
    await page.mouse.down()
    await page.mouse.move(from.x - 60, from.y, { steps: 4 })
    await page.mouse.up()
    const moved = await view()
    assert.ok(moved.fromMs > before.fromMs, 'it shows later time')
    assert.ok(Math.abs(moved.toMs - moved.fromMs - 600_000) < 1)
  })

  test('hovering shows a small picture of the moment, and why something is missing', async () => {
    const { page } = browser
    await browser.playAt(startMs + 2000)
    await browser.playing(startMs + 2000)
    await show(startMs + 2000, 600_000)
    const there = await placeOf(startMs + 8000)
    await page.mouse.move(there.x, there.y)
    await browser.untilText('#preview-text', /^recorded/)
    await browser.untilPicture('#preview-picture')
    await browser.screenshot('preview')
    const lost = await placeOf((lossMs + secondMs) / 2)
    await page.mouse.move(lost.x, lost.y)
    await browser.untilText('#preview-text', /missing for 40 s: the line was too slow or down/)
    await page.mouse.move(10, 10)
    await browser.until('it to go', `document.querySelector('#preview').hidden`)
    assert.deepEqual(browser.faults, [])
  })

  test('events have pictures, text and a kind to filter by; one that is chosen plays', async () => {
    const { page } = browser
    const events = page.locator('.event')
    assert.equal(await events.count(), 2)
    // newest first; what a camera says is text, whatever it looks like
    assert.equal(await events.nth(0).locator('.name').textContent(), '<b>Parcel</b>')
    await browser.until('the picture', `document.querySelector('img.shot').naturalWidth === 320`)
    await cloud.api('POST', `${device.path}/channels/0/events/eeeeeeeeeeeeeeee-00000001/ai`, {
      text: 'One person & <i>a dog</i>',
    })
    await browser.untilText('.event .ai', /^One person & <i>a dog<\/i>$/)
    await page.selectOption('#event-kind', '1')
    await browser.until('the filter', `document.querySelectorAll('.event').length === 1`)
    await page.selectOption('#event-kind', 'all')
    await browser.until('all', `document.querySelectorAll('.event').length === 2`)
    await events.nth(1).click()
    await browser.playing(secondMs + 5000, secondMs + 15_000)
    await browser.until('the mark', `document.querySelectorAll('.event')[1].ariaCurrent === 'true'`)
    await browser.screenshot('events')
    assert.deepEqual(browser.faults, [])
  })

  test('keys jump to the next event and the one before', async () => {
    const { page } = browser
    await page.locator('body').press('n')
    await browser.playing(fmp4Ms + 2000, fmp4Ms + 10_000)
    await page.locator('body').press('p')
    await browser.playing(secondMs + 5000, secondMs + 15_000)
    await page.click('#event-before')
    assert.match(await notice(), /no earlier event/)
    assert.deepEqual(browser.faults, [])
  })

  test('days are chosen from a calendar that marks the recorded ones', async () => {
    const { page } = browser
    await page.click('#day')
    await page.waitForSelector('#dates button.recorded')
    await browser.screenshot('calendar')
    await page.keyboard.press('Escape')
    await page.waitForSelector('#calendar', { state: 'hidden' })
    const before = await view()
    await page.click('#day-before')
    const earlier = await view()
    assert.ok(earlier.toMs <= before.toMs)
    assert.equal(earlier.toMs - earlier.fromMs, DAY_MS)
    assert.equal(await page.isEnabled('#day-after'), true)
  })

  test('a reload shows the same camera and moment', async () => {
    const { page } = browser
    await browser.playAt(secondMs + 4000)
    await browser.playing(secondMs + 4000)
    await browser.until('the address', `/^#P1\\/front-door\\/0@\\d+$/.test(location.hash)`)
    await page.reload()
    await browser.playing(secondMs + 4000, secondMs + 20_000)
    assert.deepEqual(browser.faults, [])
  })
})
