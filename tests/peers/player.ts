/**
 * Plays a folder of slices in a real browser through hls.js and counts the pictures that came out.
 * Chromium (playwright-core) has H.264 only; Firefox ESR (puppeteer-core over WebDriver BiDi) plays H.265 too.
 */
import { createReadStream, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { CHROMIUM_ARGS } from '../support/chromium.ts'

const HLS_JS = createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js')

const PAGE = `<!doctype html><meta charset="utf-8"><title>player</title><script src="/hls.min.js"></script>
<video muted playsinline width="320"></video><script>
const video = document.querySelector('video')
window.result = { errors: [], engine: '', ended: false, frames: 0, dropped: 0, time: 0 }
const hls = new Hls({ enableWorker: true, maxBufferLength: 120, maxMaxBufferLength: 600 })
hls.on(Hls.Events.ERROR, (_, data) => { if (data.fatal) result.errors.push(data.type + '/' + data.details + ' ' + (data.error?.message ?? '')) })
video.addEventListener('error', () => result.errors.push('video: ' + video.error?.message))
video.addEventListener('ended', () => { result.ended = true })
setInterval(() => {
  const quality = video.getVideoPlaybackQuality()
  Object.assign(result, { frames: quality.totalVideoFrames, dropped: quality.droppedVideoFrames, time: video.currentTime, engine: hls.media === video ? 'hls.js' : 'none' })
}, 50)
hls.loadSource('/index.m3u8')
hls.attachMedia(video)
hls.on(Hls.Events.MANIFEST_PARSED, () => video.play().catch((error) => result.errors.push(String(error))))
</script>`

export type PlayedSlice = { file: string; durationS: number; initBytes: number }
export type PlayResult = {
  errors: string[]
  engine: string
  ended: boolean
  frames: number
  dropped: number
  time: number
}

/** Media playlist of whole slices; an fMP4 slice names its own init segment by byte range. */
export const writePlaylist = (dir: string, slices: PlayedSlice[]): void => {
  const lines = ['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-PLAYLIST-TYPE:VOD']
  lines.push(
    `#EXT-X-TARGETDURATION:${Math.ceil(Math.max(...slices.map((slice) => slice.durationS)))}`,
  )
  for (const slice of slices) {
    const name = basename(slice.file)
    const bytes = statSync(join(dir, name)).size
    if (slice.initBytes > 0) lines.push(`#EXT-X-MAP:URI="${name}",BYTERANGE="${slice.initBytes}@0"`)
    lines.push(`#EXTINF:${slice.durationS.toFixed(6)},`)
    if (slice.initBytes > 0)
      lines.push(`#EXT-X-BYTERANGE:${bytes - slice.initBytes}@${slice.initBytes}`)
    lines.push(name)
  }
  lines.push('#EXT-X-ENDLIST', '')
  writeFileSync(join(dir, 'index.m3u8'), lines.join('\n'))
}

const TYPES: Record<string, string> = {
  ts: 'video/mp2t',
  mp4: 'video/mp4',
  m4s: 'video/mp4',
  m3u8: 'application/vnd.apple.mpegurl',
}

/** Serves one folder with byte ranges on a free loopback port. */
export const serveFolder = (dir: string): Promise<{ server: Server; url: string }> => {
  const server = createServer((request, response) => {
    const name = basename(new URL(request.url ?? '/', 'http://x').pathname)
    if (name === '') return response.setHeader('content-type', 'text/html').end(PAGE)
    if (name === 'hls.min.js')
      return response.setHeader('content-type', 'text/javascript').end(readFileSync(HLS_JS))
    const path = join(dir, name)
    const size = statSync(path, { throwIfNoEntry: false })?.size
    if (size === undefined) return response.writeHead(404).end()
    response.setHeader(
      'content-type',
      TYPES[name.split('.').pop() ?? ''] ?? 'application/octet-stream',
    )
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
    const start = range ? Number(range[1]) : 0
    const end = range?.[2] ? Math.min(Number(range[2]), size - 1) : size - 1
    response.writeHead(range ? 206 : 200, {
      'content-length': end - start + 1,
      ...(range ? { 'content-range': `bytes ${start}-${end}/${size}` } : {}),
    })
    createReadStream(path, { start, end }).pipe(response)
  })
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () =>
      resolve({ server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }),
    )
  })
}

type Page = { goto(url: string): Promise<unknown>; evaluate<T>(script: () => T): Promise<T> }

const watch = async (page: Page, url: string, timeoutMs: number): Promise<PlayResult> => {
  await page.goto(url)
  const until = Date.now() + timeoutMs
  for (;;) {
    const result = await page.evaluate(() => ({
      ...(globalThis as unknown as { result: PlayResult }).result,
    }))
    if (result.ended || result.errors.length > 0 || Date.now() > until) {
      await new Promise((resolve) => setTimeout(resolve, 200))
      return page.evaluate(() => ({ ...(globalThis as unknown as { result: PlayResult }).result }))
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Plays `url` in headless Chromium until its end, an error, or the time is over. */
export const playInChromium = async (
  executablePath: string,
  url: string,
  timeoutMs: number,
): Promise<PlayResult> => {
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGS, headless: true })
  try {
    return await watch((await browser.newPage()) as Page, url, timeoutMs)
  } finally {
    await browser.close()
  }
}

/** Plays `url` in headless Firefox ESR until its end, an error, or the time is over. */
export const playInFirefox = async (
  executablePath: string,
  url: string,
  timeoutMs: number,
): Promise<PlayResult> => {
  const { launch } = await import('puppeteer-core')
  const browser = await launch({
    browser: 'firefox',
    executablePath,
    headless: true,
    extraPrefsFirefox: { 'media.autoplay.default': 0, 'media.autoplay.blocking_policy': 0 },
  })
  try {
    return await watch((await browser.newPage()) as unknown as Page, url, timeoutMs)
  } finally {
    await browser.close()
  }
}
