import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Hono } from 'hono'
import { startSession } from '../middleware/auth.ts'
import type { Services } from '../services.ts'

/** The page's files, by path; nothing else is served from the folder. */
const FILES: Record<string, { file: string; type: string }> = {
  '/': { file: 'index.html', type: 'text/html; charset=utf-8' },
  '/main.js': { file: 'main.js', type: 'text/javascript; charset=utf-8' },
  '/hls-worker.js': { file: 'hls-worker.js', type: 'text/javascript; charset=utf-8' },
  '/style.css': { file: 'style.css', type: 'text/css; charset=utf-8' },
  '/icon.svg': { file: 'icon.svg', type: 'image/svg+xml' },
}

/** Where `build-viewer.mjs` puts the page, seen from the sources and from the packed server. */
const folder = (): string => {
  const here = ['../../dist/viewer/', '../viewer/'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  )
  return here.find((path) => existsSync(join(path, 'index.html'))) ?? here[0]!
}

/** The page. It holds nothing that needs protection; what it shows it asks of the API with the session. */
export const viewerRoutes = (services: Services) => {
  const app = new Hono()
  for (const [path, { file, type }] of Object.entries(FILES))
    app.get(path, async (c) => {
      const token = c.req.query('token')
      if (path === '/' && token !== undefined) {
        // out of the address bar, the history and the logs, into a cookie
        const ok = await startSession(c, services, token)
        return c.redirect(ok ? '/' : '/?denied', 302)
      }
      const full = join(folder(), file)
      if (!existsSync(full))
        return c.text('The page is not built: run "npm run build:viewer".\n', 503)
      c.header('Content-Type', type)
      c.header('Cache-Control', 'no-cache')
      return c.body(new Uint8Array(readFileSync(full)))
    })
  return app
}
