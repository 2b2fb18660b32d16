import { createReadStream, existsSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { type Context, Hono } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import { sendViewerFile } from '../viewer-files.ts'

export const FFMPEG_PATH = '/ffmpeg'

/** The addresses have no version in them, so not for ever. */
const CACHE = 'public, max-age=86400'

/** Names of the package's files by its own exports. */
const CORE_IDS = { script: '@ffmpeg/core', wasm: '@ffmpeg/core/wasm' } as const

/**
 * `@ffmpeg/core` is ffmpeg under GPL-2.0-or-later, and no part of this program: an optional package, sent as it was
 * installed to a browser that asks for it. Undefined when it is not installed.
 */
const corePath = (id: string): string | undefined => {
  try {
    // `require` finds the build for classic scripts; the one for modules lies beside it
    const path = createRequire(import.meta.url)
      .resolve(id)
      .replace(/([\\/])umd([\\/])/, '$1esm$2')
    return existsSync(path) ? path : undefined
  } catch {
    return undefined
  }
}

const sendCore = (c: Context, id: string, type: string): Response => {
  const path = corePath(id)
  if (path === undefined) return c.text('the optional package @ffmpeg/core is not installed\n', 404)
  c.header('Content-Type', type)
  c.header('Cache-Control', CACHE)
  c.header('Vary', 'Accept-Encoding')
  if (c.req.method === 'HEAD') return c.body(null)
  const file = createReadStream(path)
  // 32 MB of wasm are 10 MB on the wire
  if (/\bgzip\b/.test(c.req.header('Accept-Encoding') ?? '')) {
    c.header('Content-Encoding', 'gzip')
    return c.body(Readable.toWeb(file.pipe(createGzip({ level: 5 }))) as ReadableStream)
  }
  c.header('Content-Length', String(statSync(path).size))
  return c.body(Readable.toWeb(file) as ReadableStream)
}

/**
 * ffmpeg for the page, and the worker that runs it. A worker has the policy of its own answer: this one alone may compile
 * wasm, the page may not.
 */
export const ffmpegRoutes = () =>
  new Hono()
    .use(
      secureHeaders({
        contentSecurityPolicy: {
          defaultSrc: ["'none'"],
          scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
          connectSrc: ["'self'"],
        },
        strictTransportSecurity: false,
      }),
    )
    .get('/worker.js', (c) => sendViewerFile(c, 'ffmpeg-worker.js') ?? c.notFound())
    .get('/core.js', (c) => sendCore(c, CORE_IDS.script, 'text/javascript; charset=utf-8'))
    .get('/core.wasm', (c) => sendCore(c, CORE_IDS.wasm, 'application/wasm'))
