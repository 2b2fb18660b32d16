import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Context } from 'hono'

const TYPES: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
}
/** Names as the build makes them: no slash, no dot in front. */
const NAME = /^[\w-]+(?:\.[\w-]+)*\.(html|js|css|svg|txt)$/
/** A chunk's name has the hash of what is in it. */
const HASHED = /^chunk-.+-[A-Z0-9]{8}\./
const ENCODINGS = [
  { name: 'br', suffix: '.br' },
  { name: 'gzip', suffix: '.gz' },
] as const

/** Where `build-viewer.mjs` puts the page, seen from the sources and from the packed server. */
const folder = (): string => {
  const here = ['../dist/viewer/', './viewer/', '../viewer/'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  )
  return here.find((path) => existsSync(join(path, 'style.css.br'))) ?? here[0]!
}

const accepts = (c: Context, encoding: string): boolean =>
  (c.req.header('Accept-Encoding') ?? '')
    .split(',')
    .some((part) => part.trim().split(';')[0] === encoding && !/;\s*q=0(\.0*)?$/.test(part.trim()))

/** Sends a file of the built page, packed as the browser takes it. Undefined when there is none of this name. */
export const sendViewerFile = (c: Context, name: string): Response | undefined => {
  const extension = NAME.exec(name)?.[1]
  const path = join(folder(), name)
  if (extension === undefined || !existsSync(path)) return undefined
  const encoding = ENCODINGS.find(
    (one) => accepts(c, one.name) && existsSync(`${path}${one.suffix}`),
  )
  const bytes = readFileSync(`${path}${encoding?.suffix ?? ''}`)
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
  c.header('Content-Type', TYPES[extension]!)
  c.header('Cache-Control', HASHED.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache')
  c.header('ETag', etag)
  c.header('Vary', 'Accept-Encoding')
  if (c.req.header('If-None-Match') === etag) return c.body(null, 304)
  if (encoding) c.header('Content-Encoding', encoding.name)
  return c.body(new Uint8Array(bytes))
}
