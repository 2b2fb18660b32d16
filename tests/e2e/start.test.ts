/**
 * `npm start` as a person meets it: the page that it prints lists the camera and plays it; Ctrl-C ends with the last slice
 * acknowledged; a second start shows what the first recorded.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import { until } from '../cloud/support/cloud.ts'
import { CHROMIUM_ARGS } from '../support/chromium.ts'
import { buildFolder, ROOT } from '../support/paths.ts'
import { needTool, toolPath } from '../support/tools.ts'

const PLAYED_S = 10
const START_TIMEOUT_MS = 40_000
const STOP_TIMEOUT_MS = 20_000

type State = { engine: string; currentTime: number; paused: boolean }
const STATE = `({
  engine: __skyrill.engine,
  currentTime: document.querySelector('video').currentTime,
  paused: document.querySelector('video').paused,
})`

/** The program behind `npm start` after installing and building, on free ports. */
class Start {
  output = ''
  readonly #child: ChildProcess
  readonly #ended: Promise<number | null>

  constructor(data: string) {
    const bun = join(ROOT, 'node_modules', '.bin', 'bun')
    const ports = ['--http-port', '18180', '--mqtt-port', '18183']
    this.#child = spawn(bun, [join(ROOT, 'tools', 'start.ts'), '--data', data, ...ports], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk) => {
        this.output += chunk
      })
    this.#ended = new Promise((resolve) => this.#child.on('close', resolve))
  }

  async pageUrl(): Promise<string> {
    const shown = async () => {
      assert.equal(this.#child.exitCode, null, this.output)
      return /recording/.test(this.output)
    }
    await until('the camera to record', shown, START_TIMEOUT_MS)
    return /page\s+(http\S+)/.exec(this.output)?.[1] ?? assert.fail(this.output)
  }

  async interrupt(): Promise<void> {
    this.#child.kill('SIGINT')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    assert.equal(await this.#ended, 0, this.output)
    clearTimeout(timer)
  }
}

describe('npm start', { skip: needTool('chromium'), timeout: 120_000 }, () => {
  const data = join(mkdtempSync(join(tmpdir(), 'skyrill-start-')), 'data')
  const faults: string[] = []
  let browser: Browser
  let page: Page
  let start: Start

  const state = (): Promise<State> => page.evaluate(STATE)

  before(async () => {
    browser = await chromium.launch({ executablePath: toolPath('chromium'), args: CHROMIUM_ARGS })
    page = await browser.newPage({ viewport: { width: 1280, height: 860 } })
    page.on('pageerror', (error) => faults.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error') faults.push(message.text())
    })
    start = new Start(data)
  })
  after(async () => {
    await browser?.close()
    await start?.interrupt().catch(() => {})
    rmSync(data, { recursive: true, force: true })
  })

  test(`the page lists the camera and plays it for ${PLAYED_S} s through hls.js`, async () => {
    await page.goto(await start.pageUrl())
    await page.waitForSelector('.device')
    const isPlaying = `!document.querySelector('video').paused && document.querySelector('video').currentTime > 0`
    await until('the picture', () => page.evaluate<boolean>(isPlaying), 30_000)
    const first = await state()
    const startedMs = Date.now()
    while (Date.now() - startedMs < PLAYED_S * 1000) {
      const before = (await state()).currentTime
      await new Promise((resolve) => setTimeout(resolve, 1000))
      assert.ok((await state()).currentTime > before, 'the picture stands still')
    }
    const last = await state()
    // Chromium plays HLS by itself too, so that it plays at all would prove nothing
    assert.equal(last.engine, 'hls.js')
    const moved = last.currentTime - first.currentTime
    assert.ok(moved > PLAYED_S - 2, `${moved} s in ${PLAYED_S} s`)
    await page.screenshot({ path: join(buildFolder('screenshots'), 'viewer.png') })
    assert.deepEqual(faults, [])
  })

  test('Ctrl-C closes and acknowledges the last slice', async () => {
    await page.goto('about:blank')
    await start.interrupt()
    assert.match(start.output, /the last slice is closed/)
    assert.ok(existsSync(data))
  })

  test('a second start shows what the first recorded', async () => {
    faults.length = 0
    start = new Start(data)
    await page.goto(await start.pageUrl())
    await page.waitForSelector('.device')
    const recordings = () =>
      page.evaluate<{ startMs: number; endMs: number }[]>('__skyrill.recordings')
    // on a strip of a day they are one
    await page.evaluate('__skyrill.show(Date.now() - 300_000, 360_000)')
    await until('the recordings', async () => (await recordings()).length > 1, 30_000)
    await start.interrupt()
  })
})
