import type { Context, MiddlewareHandler } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { z } from 'zod'
import { forbidden, unauthorized } from '../errors.ts'
import type { Services } from '../services.ts'
import { sameText } from '../tokens.ts'

/** An admin may do everything, a viewer may look. */
export type Role = 'admin' | 'viewer'

const COOKIE = 'skyrill_session'
const PURPOSE = 'session'
const SESSION_MS = 30 * 86_400_000
const sessionSchema = z.object({ r: z.enum(['admin', 'viewer']), e: z.number() })

type Tokens = Pick<Services, 'adminToken' | 'viewerToken'>

const roleOfToken = (services: Tokens, token: string): Role | undefined => {
  if (sameText(token, services.adminToken)) return 'admin'
  if (sameText(token, services.viewerToken)) return 'viewer'
  return undefined
}

/** The token of `Authorization: Bearer`, whatever it is worth. */
export const bearerToken = (c: Context): string | undefined =>
  /^Bearer +(\S+)$/i.exec(c.req.header('Authorization') ?? '')?.[1]

const roleOfCookie = (c: Context, services: Services): Role | undefined => {
  const cookie = getCookie(c, COOKIE)
  if (cookie === undefined) return undefined
  const session = sessionSchema.safeParse(services.signer.verify(PURPOSE, cookie))
  if (!session.success || session.data.e <= services.now()) return undefined
  return session.data.r
}

/** Exchanges a token for a session cookie that scripts cannot read. False when the token is worth nothing. */
export const startSession = (c: Context, services: Services, token: string): boolean => {
  const role = roleOfToken(services, token)
  if (!role) {
    deleteCookie(c, COOKIE, { path: '/' })
    return false
  }
  setCookie(c, COOKIE, services.signer.sign(PURPOSE, { r: role, e: services.now() + SESSION_MS }), {
    httpOnly: true,
    sameSite: 'Strict',
    path: '/',
    maxAge: SESSION_MS / 1000,
    secure: services.publicUrl().startsWith('https:'),
  })
  return true
}

/**
 * Lets in who may look: a token as Bearer, a session cookie, or, for players that can do neither, `?token=` on a GET.
 * A Bearer token that is wrong is refused even when a cookie is right.
 */
export const requireViewer =
  (services: Services): MiddlewareHandler =>
  async (c, next) => {
    const bearer = bearerToken(c)
    const query = ['GET', 'HEAD'].includes(c.req.method) ? c.req.query('token') : undefined
    const token = bearer ?? query
    const role = token === undefined ? roleOfCookie(c, services) : roleOfToken(services, token)
    if (!role)
      throw unauthorized(
        token === undefined
          ? 'no access: open the page by the address that the server printed, or send "Authorization: Bearer TOKEN"'
          : 'the token is not valid; the server printed the right ones when it started',
      )
    c.set('role', role)
    await next()
  }

/** Lets in admins only; stands behind `requireViewer`. */
export const requireAdmin = (): MiddlewareHandler => async (c, next) => {
  if (c.get('role') !== 'admin') throw forbidden('this needs the admin token')
  await next()
}
