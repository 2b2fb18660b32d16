import type { Context, MiddlewareHandler } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { Access, Role } from '../accounts/types.ts'
import { forbidden, notFound, unauthorized } from '../errors.ts'
import type { Services } from '../services.ts'
import { deviceKey } from '../slice.ts'
import type { Device } from '../store/index/types.ts'
import { sameText } from '../tokens.ts'
import { checkSameOrigin } from './same-site.ts'

export type { Role } from '../accounts/types.ts'

const COOKIE = 'skyrill_session'

type Tokens = Pick<Services, 'adminToken' | 'viewerToken'>

const roleOfToken = (services: Tokens, token: string): Role | undefined => {
  if (sameText(token, services.adminToken)) return 'admin'
  if (sameText(token, services.viewerToken)) return 'viewer'
  return undefined
}

/** The token of `Authorization: Bearer`, whatever it is worth. */
export const bearerToken = (c: Context): string | undefined =>
  /^Bearer +(\S+)$/i.exec(c.req.header('Authorization') ?? '')?.[1]

/** What the session cookie holds, whatever it is worth. */
export const sessionValue = (c: Context): string | undefined => getCookie(c, COOKIE)

/** Begins a session in a cookie that scripts cannot read; one that was there ends. */
export const beginSession = async (
  c: Context,
  services: Services,
  owner: { accountId: number } | { token: string },
): Promise<void> => {
  const before = sessionValue(c)
  if (before !== undefined) await services.sessions.end(before)
  const { value, lifetimeMs } = await services.sessions.begin(owner)
  setCookie(c, COOKIE, value, {
    httpOnly: true,
    sameSite: 'Strict',
    path: '/',
    maxAge: lifetimeMs / 1000,
    secure: services.publicUrl().startsWith('https:'),
  })
}

export const endSession = async (c: Context, services: Services): Promise<void> => {
  const value = sessionValue(c)
  if (value !== undefined) await services.sessions.end(value)
  deleteCookie(c, COOKIE, { path: '/' })
}

/** Exchanges a token for a session. Undefined when the token is worth nothing. */
export const startSession = async (
  c: Context,
  services: Services,
  token: string,
): Promise<Role | undefined> => {
  const role = roleOfToken(services, token)
  if (role) await beginSession(c, services, { token })
  else await endSession(c, services)
  return role
}

/** Whether the query's token counts: players can send no header, and what changes something is no player. */
const queryToken = (c: Context): string | undefined =>
  ['GET', 'HEAD'].includes(c.req.method) ? c.req.query('token') : undefined

/**
 * Who asks: a token as Bearer or in the query, else a session cookie. A token that is wrong is worth nothing even when a cookie is
 * right. Throws when a cookie is used for a change from another site.
 */
export const findAccess = async (c: Context, services: Services): Promise<Access | undefined> => {
  const token = bearerToken(c) ?? queryToken(c)
  if (token !== undefined) {
    const role = roleOfToken(services, token)
    return role && { role, account: null }
  }
  const value = sessionValue(c)
  const access = value === undefined ? undefined : await services.sessions.access(value)
  if (access) checkSameOrigin(c, services.publicUrl())
  return access
}

/** Who asks, behind `requireViewer`. */
export const accessOf = (c: Context): Access => c.get('access') as Access

/** Whether a device may be seen by who asks. */
export const maySee = (c: Context, device: Pick<Device, 'productId' | 'deviceName'>): boolean => {
  const { devices } = accessOf(c)
  return devices === undefined || devices.has(deviceKey(device))
}

/** Paths of one device, as they stand in URLs. */
const DEVICE_PATH = /^\/(?:api\/devices|media)\/([^/]+)\/([^/]+)(?:\/|$)/
/** What an account that sees some devices only may ask for besides them; the list itself is cut to them. */
const OWN_PATHS = new Set([
  '/api/devices',
  '/api/session',
  '/api/session/password',
  '/api/push/key',
  '/api/push/subscription',
])

/** An account that sees some devices only gets nothing else: what a route forgets to ask is refused here. */
const checkScope = (c: Context, { devices }: Access): void => {
  if (devices === undefined) return
  const [, productId, deviceName] = DEVICE_PATH.exec(c.req.path) ?? []
  if (productId !== undefined && devices.has(`${productId}/${deviceName}`)) return
  if (productId === undefined && OWN_PATHS.has(c.req.path)) return
  throw notFound('there is nothing that this account may see')
}

/**
 * Lets in who may look: a token as Bearer, a session cookie, or, for players that can do neither, `?token=` on a GET.
 */
export const requireViewer =
  (services: Services): MiddlewareHandler =>
  async (c, next) => {
    const access = await findAccess(c, services)
    if (!access)
      throw unauthorized(
        (bearerToken(c) ?? queryToken(c)) === undefined
          ? 'no access: log in on the page, or send "Authorization: Bearer TOKEN"'
          : 'the token is not valid; the server printed the right ones when it started',
      )
    checkScope(c, access)
    c.set('access', access)
    await next()
  }

/** Lets in admins only; stands behind `requireViewer`. */
export const requireAdmin = (): MiddlewareHandler => async (c, next) => {
  if (accessOf(c).role !== 'admin') throw forbidden('this needs an admin')
  await next()
}
