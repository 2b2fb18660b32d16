import { Hono } from 'hono'
import { requireMedia } from './hls/media-link.ts'
import { requireViewer } from './middleware/auth.ts'
import { jsonLimit } from './middleware/body-limit.ts'
import { onError, onNotFound } from './middleware/errors.ts'
import { securityHeaders } from './middleware/headers.ts'
import { rateLimit } from './middleware/rate-limit.ts'
import { requestLog } from './middleware/request-log.ts'
import { openApiDocument } from './openapi/document.ts'
import { createRouter } from './openapi/router.ts'
import { accountRoutes } from './routes/accounts.ts'
import { aiResultRoutes } from './routes/ai-results.ts'
import { deletionRoutes } from './routes/deletion.ts'
import { deviceRoutes } from './routes/devices.ts'
import { eventRoutes } from './routes/events.ts'
import { exportRoutes } from './routes/exports.ts'
import { FFMPEG_PATH, ffmpegRoutes } from './routes/ffmpeg.ts'
import { hookRoutes } from './routes/hooks.ts'
import { lossRoutes } from './routes/losses.ts'
import { maintenanceRoutes } from './routes/maintenance.ts'
import { MEDIA_PATH, mediaRoutes } from './routes/media.ts'
import { operationRoutes } from './routes/operations.ts'
import { PICTURES_PATH, pictureRoutes } from './routes/pictures.ts'
import { pinRoutes } from './routes/pins.ts'
import { planRoutes } from './routes/plans.ts'
import { playbackRoutes } from './routes/playback.ts'
import { productRoutes } from './routes/products.ts'
import { registerRoutes } from './routes/register.ts'
import { sessionRoutes } from './routes/session.ts'
import { setupRoutes } from './routes/setup.ts'
import { sharedRoutes } from './routes/shared.ts'
import { shareRoutes } from './routes/shares.ts'
import { storageRoutes } from './routes/storage.ts'
import { UPLOADS_PATH, uploadRoutes } from './routes/uploads.ts'
import { viewerRoutes } from './routes/viewer.ts'
import type { Services } from './services.ts'

/** The API that people and pages use; its type is what the page's client is made from. */
const apiRoutes = (services: Services) =>
  createRouter()
    .route('/', deviceRoutes(services))
    .route('/', planRoutes(services))
    .route('/', playbackRoutes(services))
    .route('/', eventRoutes(services))
    .route('/', pinRoutes(services))
    .route('/', shareRoutes(services))
    .route('/', deletionRoutes(services))
    .route('/', exportRoutes(services))
    .route('/', storageRoutes(services))
    .route('/', lossRoutes(services))
    .route('/', accountRoutes(services))
    .route('/', maintenanceRoutes(services))
    .route('/', hookRoutes(services))
    .route('/', productRoutes(services))
    .route('/', setupRoutes(services))

export type Api = ReturnType<typeof apiRoutes>
/** What the page of a shared link asks, without an account. */
export type SharedApi = ReturnType<typeof sharedRoutes>

/** The whole HTTP side. It listens to nothing: tests call `app.request`. */
export const createApp = (services: Services): Hono => {
  const app = new Hono()
  app.onError(onError(services.log))
  app.notFound(onNotFound)
  app.use(requestLog(services.log, services.metrics))
  // before the headers for browsers: devices do not need them, and every append would carry them
  app.route(UPLOADS_PATH, uploadRoutes(services))
  app.route(PICTURES_PATH, pictureRoutes(services))
  app.route('/', registerRoutes(services))
  // its worker has a policy of its own
  app.route(FFMPEG_PATH, ffmpegRoutes())
  app.use(securityHeaders())
  app.route('/', operationRoutes(services))
  app.use('/api/*', rateLimit(services.limits), jsonLimit())
  const session = sessionRoutes(services)
  app.route('/api', session)
  const shared = sharedRoutes(services)
  app.route('/api', shared)
  const results = aiResultRoutes(services)
  app.route('/api', results)
  app.use('/api/*', requireViewer(services))
  app.use(`${MEDIA_PATH}/*`, requireMedia(services))
  const api = apiRoutes(services)
  const document = openApiDocument(
    createRouter().route('/', session).route('/', shared).route('/', results).route('/', api),
  )
  app.get('/api/openapi.json', (c) =>
    c.json({ ...document, servers: [{ url: `${services.publicUrl()}/api` }] }),
  )
  app.route('/api', api)
  app.route(MEDIA_PATH, mediaRoutes(services))
  app.route('/', viewerRoutes(services))
  return app
}
