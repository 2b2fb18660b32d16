import { type Context, Hono } from 'hono'
import { startSession } from '../middleware/auth.ts'
import type { Services } from '../services.ts'
import { sendViewerFile } from '../viewer-files.ts'

const page = (c: Context): Response =>
  sendViewerFile(c, 'index.html') ??
  c.text('The page is not built: run "npm run build:viewer".\n', 503)

/** The page. It holds nothing that needs protection; what it shows it asks of the API with the session. */
export const viewerRoutes = (services: Services) =>
  new Hono()
    .get('/', async (c) => {
      const token = c.req.query('token')
      if (token === undefined) return page(c)
      // out of the address bar, the history and the logs, into a cookie
      const ok = await startSession(c, services, token)
      return c.redirect(ok ? '/' : '/?denied', 302)
    })
    // the token of a shared link is for the API; the page is the same for all
    .get('/s/:token', page)
    .get('/:file', (c) => sendViewerFile(c, c.req.param('file')) ?? c.notFound())
