import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { PASSWORD_MAX, PASSWORD_MIN, PasswordQueueFullError } from '../accounts/password.ts'
import { tokenHash } from '../accounts/sessions.ts'
import { type Access, ROLES } from '../accounts/types.ts'
import { badRequest, tooManyRequests, unauthorized } from '../errors.ts'
import { addressKey, clientAddress } from '../limits/client-address.ts'
import {
  beginSession,
  endSession,
  findAccess,
  sessionValue,
  startSession,
} from '../middleware/auth.ts'
import { checkSameOrigin } from '../middleware/same-site.ts'
import { empty, errors, json, jsonBody } from '../openapi/responses.ts'
import { createRouter } from '../openapi/router.ts'
import type { Services } from '../services.ts'

/** Letters of any script, so that people keep their names; no blanks and nothing that is invisible. */
export const accountNameSchema = z
  .string()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,63}$/u, 'letters, digits and . _ @ + -, at most 64')
  .openapi({ example: 'anna' })
/** Length is what makes a password strong; a rule about its characters makes people write them down. */
export const newPasswordSchema = z.string().min(PASSWORD_MIN).max(PASSWORD_MAX)

const loginSchema = z.union([
  z.object({ name: z.string().min(1).max(64), password: z.string().min(1).max(PASSWORD_MAX) }),
  z.object({ token: z.string().min(1).max(256) }),
])
const passwordSchema = z.object({
  password: z.string().min(1).max(PASSWORD_MAX),
  newPassword: newPasswordSchema,
})
const sessionSchema = z
  .object({
    name: z.string().nullable().openapi({ description: 'null: entered with a token' }),
    role: z.enum(ROLES),
  })
  .openapi('Session')

const tags = ['accounts']
const login = createRoute({
  operationId: 'login',
  method: 'post',
  path: '/session',
  tags,
  summary: 'Log in with name and password, or with a token; the answer sets the session cookie',
  security: [],
  request: { body: jsonBody(loginSchema) },
  responses: { 200: json(sessionSchema, 'Who is logged in'), ...errors(400, 403, 413, 415, 429) },
})
const current = createRoute({
  operationId: 'getSession',
  method: 'get',
  path: '/session',
  tags,
  summary: 'Who is logged in',
  responses: { 200: json(sessionSchema, 'Who is logged in'), ...errors() },
})
const logout = createRoute({
  operationId: 'logout',
  method: 'delete',
  path: '/session',
  tags,
  summary: 'Log out',
  security: [],
  responses: { 204: empty('Nobody is logged in any more'), ...errors() },
})
const changePassword = createRoute({
  operationId: 'changePassword',
  method: 'put',
  path: '/session/password',
  tags,
  summary: 'Change the own password; other sessions of the account end',
  request: { body: jsonBody(passwordSchema) },
  responses: { 204: empty('It is changed'), ...errors(400, 403, 413, 415, 429) },
})

const view = ({ role, account }: Access) => ({ name: account?.name ?? null, role })

/** Logging in and out. These stand before `requireViewer`: who is not logged in must reach them. */
export const sessionRoutes = (services: Services) => {
  const { accounts, limits, log } = services

  /** Counts a try against its address and its name. What turns out right is given back. */
  const tries = (c: Context, name: string) => {
    const address = addressKey(clientAddress(c, limits.proxies))
    const key = name.toLowerCase()
    const waitS = Math.max(limits.loginByAddress.take(address), limits.loginByName.take(key))
    if (waitS > 0) {
      log.warn('login held back', { address })
      throw tooManyRequests('too many logins; wait a moment', waitS)
    }
    return {
      succeeded: () => {
        limits.loginByAddress.giveBack(address)
        limits.loginByName.giveBack(key)
      },
      failed: () => log.warn('login failed', { address }),
    }
  }

  const checkPassword = async (c: Context, name: string, password: string) => {
    const attempt = tries(c, name)
    const account = await accounts.login(name, password).catch((error) => {
      throw error instanceof PasswordQueueFullError
        ? tooManyRequests('too many logins at once; wait a moment', 2)
        : error
    })
    if (account) attempt.succeeded()
    else attempt.failed()
    return account
  }

  const enterByToken = async (c: Context, token: string): Promise<Access> => {
    // the name of a token is its hash: guessing one does not hold up others
    const attempt = tries(c, `token ${tokenHash(token)}`)
    const role = await startSession(c, services, token)
    if (!role) {
      attempt.failed()
      throw unauthorized('the token is not valid')
    }
    attempt.succeeded()
    return { role, account: null }
  }

  return createRouter()
    .openapi(login, async (c) => {
      // a stranger's page must not log its visitor in as somebody else
      if (c.req.header('Origin') !== undefined) checkSameOrigin(c, services.publicUrl())
      const given = c.req.valid('json')
      if ('token' in given) return c.json(view(await enterByToken(c, given.token)), 200)
      const account = await checkPassword(c, given.name, given.password)
      // the same words whether the name exists or not
      if (!account) throw unauthorized('name or password is wrong')
      await beginSession(c, services, { accountId: account.id })
      log.info('logged in', { account: account.name, role: account.role })
      return c.json(view({ role: account.role, account }), 200)
    })
    .openapi(current, async (c) => {
      const access = await findAccess(c, services)
      if (!access) throw unauthorized('nobody is logged in')
      c.header('Cache-Control', 'no-store')
      return c.json(view(access), 200)
    })
    .openapi(logout, async (c) => {
      if (sessionValue(c) !== undefined) checkSameOrigin(c, services.publicUrl())
      await endSession(c, services)
      return c.body(null, 204)
    })
    .openapi(changePassword, async (c) => {
      const access = await findAccess(c, services)
      if (!access) throw unauthorized('nobody is logged in')
      if (!access.account) throw badRequest('a token has no password')
      const { password, newPassword } = c.req.valid('json')
      const account = await checkPassword(c, access.account.name, password)
      if (!account) throw badRequest('the password is wrong')
      const kept = sessionValue(c)
      await accounts.change(
        account.id,
        { password: newPassword },
        kept === undefined ? undefined : tokenHash(kept),
      )
      services.sessions.forget()
      return c.body(null, 204)
    })
}
