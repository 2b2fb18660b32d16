import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { until } from '../../cloud/support/cloud.ts'
import { CHROMIUM_ARGS } from '../../support/chromium.ts'
import { buildFolder } from '../../support/paths.ts'
import { toolPath } from '../../support/tools.ts'

/** What the page tells (`window.__skyrill`). */
export type PageState = {
  engine: string
  mode: string
  utcMs: number | null
  currentTime: number
  paused: boolean
}

// what runs in the page is text, as these files know no DOM; the page's own policy forbids it to wait for text
const STATE = `({
  engine: __skyrill.engine,
  mode: __skyrill.mode,
  utcMs: __skyrill.utcMs ?? null,
  currentTime: document.querySelector('video').currentTime,
  paused: document.querySelector('video').paused,
})`

/** How many colours (two bits a channel) a picture has: testsrc2 has many, a black picture one. */
const colours = (selector: string): string => `(() => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 36 })
  const pen = canvas.getContext('2d')
  pen.drawImage(document.querySelector(${JSON.stringify(selector)}), 0, 0, 64, 36)
  const { data } = pen.getImageData(0, 0, 64, 36)
  const seen = new Set()
  for (let at = 0; at < data.length; at += 4)
    seen.add(((data[at] >> 6) << 4) | ((data[at + 1] >> 6) << 2) | (data[at + 2] >> 6))
  return seen.size
})()`

/** Below that many colours a picture of testsrc2 is not shown. */
const COLOURS_MIN = 12
export const WAIT_MS = 30_000

const readProc = (pid: number, file: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return '' // it ended
  }
}

/** The process that was started with an argument, and all that it has started. */
const processTree = (argument: string): number[] => {
  const all = readdirSync('/proc').map(Number).filter(Number.isInteger)
  const roots = all.filter((pid) => readProc(pid, 'cmdline').split('\0').includes(argument))
  const tree = new Set(roots)
  const parentOf = (pid: number) => Number(/^PPid:\s+(\d+)/m.exec(readProc(pid, 'status'))?.[1])
  for (let before = -1; before !== tree.size; ) {
    before = tree.size
    for (const pid of all) if (tree.has(parentOf(pid))) tree.add(pid)
  }
  return [...tree]
}

export type BrowserOptions = {
  width?: number
  height?: number
  locale?: string
  dark?: boolean
  /** fingers in place of a mouse */
  touch?: boolean
}

/** Chromium with one page, and what a test asks of it. Whatever the page complains of is kept. */
export class Browser {
  readonly faults: string[] = []

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    readonly profile: string,
  ) {
    page.setDefaultTimeout(WAIT_MS)
    page.on('pageerror', (error) => this.faults.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error') this.faults.push(message.text())
    })
  }

  static async open({
    width = 1440,
    height = 900,
    locale = 'en-GB',
    dark = false,
    touch = false,
  }: BrowserOptions = {}) {
    const profile = mkdtempSync(join(tmpdir(), 'skyrill-chromium-'))
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: toolPath('chromium'),
      args: CHROMIUM_ARGS,
      viewport: { width, height },
      locale,
      timezoneId: 'UTC',
      colorScheme: dark ? 'dark' : 'light',
      acceptDownloads: true,
      hasTouch: touch,
      isMobile: touch,
    })
    return new Browser(context, await context.newPage(), profile)
  }

  async close(): Promise<void> {
    await this.context.close()
    rmSync(this.profile, { recursive: true, force: true })
  }

  state(): Promise<PageState> {
    return this.page.evaluate<PageState>(STATE)
  }

  playAt(utcMs: number): Promise<unknown> {
    return this.page.evaluate(`__skyrill.playAt(${utcMs})`)
  }

  /** Waits until the picture of a moment, or of one after it, is shown and moves. */
  async playing(fromMs: number, untilMs = Number.MAX_SAFE_INTEGER): Promise<PageState> {
    const isShown = `globalThis.__skyrill?.utcMs > ${fromMs} && __skyrill.utcMs < ${untilMs} && !document.querySelector('video').paused`
    await this.until('the picture', isShown)
    return this.state()
  }

  /** Nothing of the browser runs until the work is done, as on a laptop that is closed meanwhile. */
  async asleep(work: () => Promise<unknown>): Promise<void> {
    const processes = processTree(`--user-data-dir=${this.profile}`)
    if (processes.length < 2) throw new Error('where are the processes of the browser?')
    const signal = (name: 'SIGSTOP' | 'SIGCONT') => {
      for (const pid of processes) process.kill(pid, name)
    }
    signal('SIGSTOP')
    try {
      await work()
    } finally {
      signal('SIGCONT')
    }
  }

  /** Waits for something that the page can tell. */
  async until(what: string, expression: string): Promise<void> {
    await until(what, () => this.page.evaluate<boolean>(expression), WAIT_MS)
  }

  /** Waits for the text of an element. */
  async untilText(selector: string, pattern: RegExp): Promise<string> {
    let text = ''
    await until(
      `${pattern} in ${selector}`,
      async () => {
        text = (await this.page.locator(selector).first().textContent()) ?? ''
        return pattern.test(text)
      },
      WAIT_MS,
    ).catch((error: Error) => {
      throw new Error(`${error.message}; it says ${JSON.stringify(text)}`)
    })
    return text
  }

  /** Waits until a picture of the recording, and no empty one, is drawn somewhere. */
  async untilPicture(selector = 'video'): Promise<void> {
    await this.until(`a picture in ${selector}`, `${colours(selector)} > ${COLOURS_MIN}`)
  }

  screenshot(name: string): Promise<Buffer> {
    return this.page.screenshot({ path: join(buildFolder('screenshots'), `page-${name}.png`) })
  }
}
