import { randomBytes } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import type { Access } from '../accounts/types.ts'
import type { Logger } from '../log.ts'
import type { Metrics } from '../metrics/metrics.ts'

const ID_BYTES = 9
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Name of this request in the log; the answer has it as X-Request-Id. */
export const requestIdOf = (c: Context): string | undefined => c.get('requestId')

/** A path as the log has it: who holds a share's token may look, so it is not for everybody who reads logs. */
export const loggedPath = (path: string): string =>
  path.replace(/^(\/s|\/api\/shared)\/[^/]+/, '$1/*')

/** `productId/deviceName` where a path names a device. */
const deviceOf = (path: string): string | undefined =>
  /^\/(?:api\/devices|media|tus|pictures)\/([^/]+\/[^/]+)/.exec(path)?.[1]

/**
 * One line a request, with its id. The path only: queries hold tokens. What devices send is for debugging, what people change is
 * news, what is refused is a warning.
 */
export const requestLog =
  (log: Logger, metrics: Metrics): MiddlewareHandler =>
  async (c, next) => {
    const requestId = randomBytes(ID_BYTES).toString('base64url')
    c.set('requestId', requestId)
    const from = performance.now()
    await next()
    c.res.headers.set('X-Request-Id', requestId)
    const { status } = c.res
    const { method, path } = c.req
    const ms = performance.now() - from
    metrics.request(method, path, status, ms / 1000, Number(c.req.header('Content-Length') ?? 0))
    const access = c.get('access') as Access | undefined
    const isRefused = status === 401 || status === 403 || status === 429
    const isChange = path.startsWith('/api/') && !SAFE.has(method)
    const write = isRefused ? log.warn : isChange ? log.info : log.debug
    write('request', {
      requestId,
      method,
      path: loggedPath(path),
      status,
      ms: Math.round(ms),
      device: deviceOf(path),
      account: access?.account?.name,
    })
  }
