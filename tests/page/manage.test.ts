/** What a person does besides watching: settings, cameras, plans, exports, links. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import type { Download } from 'playwright-core'
import type { TestCloud } from '../cloud/support/cloud.ts'
import type { TestDevice } from '../cloud/support/device.ts'
import { needTool, toolPath } from '../support/tools.ts'
import { Browser } from './support/browser.ts'
import { addCamera, minutesAgo, openWorld, record } from './support/world.ts'

type Probe = {
  format: { duration: string }
  streams: { codec_type: string; codec_name: string }[]
}

/** What ffprobe finds in a file that was saved. */
const probe = async (download: Download): Promise<Probe> => {
  const path = await download.path()
  const show = ['-show_entries', 'format=duration:stream=codec_type,codec_name']
  const args = ['-v', 'error', ...show, '-of', 'json', path]
  return JSON.parse(execFileSync(toolPath('ffprobe'), args, { encoding: 'utf8' }))
}

describe('managing', { skip: needTool('chromium', 'ffmpeg', 'ffprobe'), timeout: 240_000 }, () => {
  let cloud: TestCloud
  let device: TestDevice
  let browser: Browser
  const startMs = minutesAgo(20)

  /** Selects a range by its two fields. */
  const select = async (fromMs: number, toMs: number) => {
    const { page } = browser
    if ((await page.getAttribute('#select', 'aria-pressed')) === 'false')
      await page.click('#select')
    const text = (ms: number) => new Date(ms).toISOString().slice(0, 19)
    // the end first: a range that would end before it begins is not taken
    await page.fill('#selection input:last-of-type', text(toMs))
    await page.fill('#selection input:first-of-type', text(fromMs))
    await browser.until(
      'the range',
      `__skyrill.selection?.fromMs === ${fromMs} && __skyrill.selection.toMs === ${toMs}`,
    )
  }

  before(async () => {
    cloud = await openWorld()
    device = await addCamera(cloud, 'front-door', 'Front door')
    await record(device, { count: 3, startUtcMs: startMs, boot: 'a' })
    browser = await Browser.open()
    await browser.page.goto(`${cloud.httpUrl}/?token=${cloud.adminToken}`)
    await browser.page.waitForSelector('.device[aria-current=true]')
    await browser.page.evaluate(`__skyrill.show(${startMs - 240_000}, 600_000)`)
    await browser.until('the recordings', '__skyrill.recordings.length === 1')
  })
  after(async () => {
    await browser?.close()
    await device?.close()
    await cloud?.remove()
  })

  test('a camera is added: its command and its QR code say how it connects', async () => {
    const { page } = browser
    await page.click('#add-camera')
    await page.fill('[name=label]', 'Back door')
    await page.fill('[name=input]', 'rtsp://10.0.0.5/a b')
    await page.click('#dialog-add-camera .primary')
    const command = await browser.untilText('.copy-text', /skyrill push/)
    const broker = new URL(cloud.mqttUrl)
    assert.match(command, new RegExp(`--cloud mqtt://127\\.0\\.0\\.1:${broker.port} `))
    assert.match(
      command,
      /--device-name back-door --device-secret '?[\w+/=-]{16,}'? --input 'rtsp:\/\/10\.0\.0\.5\/a b'$/,
    )
    await page.waitForSelector('svg.qr path')
    await browser.screenshot('add-camera')
    await page.keyboard.press('Escape')
    await browser.untilText(
      '[data-camera="SKYRILL/back-door/0"]',
      /Back door.*Never connected.*Full time, 7 days/,
    )
    assert.deepEqual(browser.faults, [])
  })

  test('a camera shows its plan and storage, and both name and plan are changed', async () => {
    const { page } = browser
    await page.click('#camera-info')
    await browser.untilText('.usage', /[\d.]+ MiB.*used/)
    await browser.screenshot('camera')
    await page.fill('#dialog-camera [name=label]', 'Porch')
    await page.selectOption('#dialog-camera [name=type]', 'event')
    await page.fill('#dialog-camera [name=days]', '30')
    await page.click('#dialog-camera .primary')
    await browser.untilText('[data-camera="P1/front-door/0"]', /Porch.*On events, 30 days/)
    const answer = await cloud.api('GET', `${device.path}/channels/0/plan`)
    const plan = (await answer.json()) as { type: string; days: number }
    assert.equal(plan.type, 'event')
    assert.equal(plan.days, 30)
    await page.keyboard.press('Escape')
    assert.deepEqual(browser.faults, [])
  })

  test('a range is selected by dragging, moved at its ends and cleared', async () => {
    const { page } = browser
    const box = (await page.locator('#timeline').boundingBox())!
    const y = box.y + 90
    await page.keyboard.down('Shift')
    await page.mouse.move(box.x + box.width * 0.3, y)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.5, y, { steps: 5 })
    await page.mouse.up()
    await page.keyboard.up('Shift')
    const selection = () => page.evaluate<{ fromMs: number; toMs: number }>('__skyrill.selection')
    const first = await selection()
    assert.ok(
      Math.abs(first.toMs - first.fromMs - 120_000) < 2000,
      `${first.toMs - first.fromMs} ms`,
    )
    await page.mouse.move(box.x + box.width * 0.5, y)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.6, y, { steps: 5 })
    await page.mouse.up()
    const second = await selection()
    assert.equal(second.fromMs, first.fromMs)
    assert.ok(
      Math.abs(second.toMs - second.fromMs - 180_000) < 2000,
      `${second.toMs - second.fromMs} ms`,
    )
    await page.click('#selection .ghost')
    await page.waitForSelector('#selection', { state: 'hidden' })
    assert.deepEqual(browser.faults, [])
  })

  test('the server exports a range as one MP4', async () => {
    const { page } = browser
    await select(startMs, startMs + 25_000)
    await browser.screenshot('select')
    await page.click('#selection .primary')
    const saving = page.waitForEvent('download')
    await page.click('#export-server')
    const found = await probe(await saving)
    await browser.untilText('#dialog-export', /Saved as/)
    await browser.screenshot('export')
    assert.deepEqual(found.streams.map(({ codec_name }) => codec_name).sort(), ['aac', 'h264'])
    const seconds = Number(found.format.duration)
    assert.ok(seconds >= 24.5 && seconds < 27, `${seconds} s`)
    await page.keyboard.press('Escape')
    assert.deepEqual(browser.faults, [])
  })

  test('a quick clip is made in the page, by ffmpeg from this server', async () => {
    const { page } = browser
    await select(startMs + 5000, startMs + 13_000)
    await page.click('#selection .primary')
    const saving = page.waitForEvent('download', { timeout: 120_000 })
    await page.click('#export-clip')
    const found = await probe(await saving)
    const video = found.streams.find(({ codec_type }) => codec_type === 'video')
    assert.equal(video?.codec_name, 'h264')
    // from the GOP's first picture on, over the end of a slice
    const seconds = Number(found.format.duration)
    assert.ok(seconds >= 7.5 && seconds < 10, `${seconds} s`)
    await page.keyboard.press('Escape')
    assert.deepEqual(browser.faults, [])
  })

  test('wasm runs in the worker of ffmpeg and nowhere else', async () => {
    const wasm = `WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])).then(() => 'compiled', (error) => error.name)`
    assert.equal(await browser.page.evaluate(wasm), 'CompileError')
    browser.faults.length = 0
    const policy = async (path: string) =>
      (await fetch(cloud.httpUrl + path)).headers.get('content-security-policy') ?? ''
    assert.doesNotMatch(await policy('/'), /wasm|unsafe|blob:.*script/)
    assert.match(await policy('/ffmpeg/worker.js'), /script-src 'self' 'wasm-unsafe-eval'/)
  })

  test('a link shows a range to anyone, until it is revoked', async () => {
    const { page } = browser
    await select(startMs + 2000, startMs + 22_000)
    await page.click('#selection button:has-text("Share")')
    await page.fill('#dialog-share [name=note]', 'For the <neighbours>')
    await page.click('#dialog-share .primary')
    const url = await browser.untilText('#dialog-share .copy-text', /\/s\//)
    await page.waitForSelector('#dialog-share svg.qr')
    await browser.untilText('.shares li', /For the <neighbours>/)
    await browser.screenshot('share')

    const stranger = await Browser.open({ width: 900, height: 800 })
    try {
      await stranger.page.goto(url)
      await stranger.untilText('.shared-about', /Porch.*20 s.*For the <neighbours>/)
      await stranger.playing(startMs + 1000, startMs + 22_000)
      await stranger.untilPicture()
      await stranger.screenshot('shared')
      assert.equal(await stranger.page.isVisible('.device'), false)
      const status = await stranger.page.evaluate(
        `fetch('/api/devices').then((answer) => answer.status)`,
      )
      assert.equal(status, 401, 'the link opens nothing else')
      await page.click('.shares button')
      await browser.untilText('.shares li', /revoked/)
      await stranger.page.reload()
      await stranger.untilText('#empty', /not valid any more/)
    } finally {
      await stranger.close()
    }
    await page.keyboard.press('Escape')
    await page.click('#selection .ghost')
    assert.deepEqual(browser.faults, [])
  })

  test('every key is on the help sheet, which Escape closes and gives the focus back', async () => {
    const { page } = browser
    await page.focus('#help')
    await page.keyboard.press('?')
    await page.waitForSelector('#dialog-help[open]')
    assert.ok((await page.locator('#dialog-help kbd').count()) > 20)
    await browser.screenshot('help')
    await page.keyboard.press('Escape')
    await page.waitForSelector('#dialog-help', { state: 'detached' })
    assert.equal(await page.evaluate('document.activeElement.id'), 'help')
  })

  test('language, appearance and time zone are chosen, and kept', async () => {
    const { page } = browser
    await page.click('#settings')
    await page.selectOption('#dialog-settings .form-field:nth-of-type(2) select', 'dark')
    assert.equal(await page.getAttribute('html', 'data-theme'), 'dark')
    await cloud.api('PATCH', device.path, { timeZone: 'Asia/Kolkata' })
    await browser.until('the zone', `__skyrill.camera.device.timeZone === 'Asia/Kolkata'`)
    await page.selectOption('#dialog-settings .form-field:nth-of-type(3) select', 'camera')
    await browser.untilText('#zone', /Asia\/Kolkata/)
    await page.selectOption('#dialog-settings .form-field:nth-of-type(1) select', 'zh')
    await browser.untilText('#cameras-title', /^摄像机$/)
    await page.waitForSelector('.device[aria-current=true]')
    assert.match((await page.getAttribute('html', 'lang')) ?? '', /^zh/)
    assert.equal(await page.getAttribute('html', 'data-theme'), 'dark')
    assert.equal(await page.textContent('#zone'), 'Asia/Kolkata')
    await browser.untilText('[data-camera="P1/front-door/0"]', /事件录像，保留 30 天/)
    await browser.screenshot('zh')
    assert.deepEqual(browser.faults, [])
  })

  test('it fits a phone', async () => {
    const { page } = browser
    await page.setViewportSize({ width: 390, height: 844 })
    await browser.until('one column', `document.querySelector('#stage').clientWidth === 390`)
    await browser.screenshot('phone')
    const excess = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
    assert.equal(await page.evaluate(excess), 0, 'nothing is wider than the phone')
    assert.deepEqual(browser.faults, [])
  })

  test('logging out ends the session', async () => {
    const { page } = browser
    await page.click('#logout')
    await page.waitForSelector('.login')
    const status = await page.evaluate(`fetch('/api/devices').then((answer) => answer.status)`)
    assert.equal(status, 401)
  })
})
