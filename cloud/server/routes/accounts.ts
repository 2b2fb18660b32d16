import { createRoute, z } from '@hono/zod-openapi'
import { AccountError } from '../accounts/accounts.ts'
import { type Account, ROLES } from '../accounts/types.ts'
import { actorOf, audit } from '../audit.ts'
import { ApiError, badRequest, notFound } from '../errors.ts'
import { requireAdmin } from '../middleware/auth.ts'
import { idParams, ms } from '../openapi/fields.ts'
import { empty, errors, json, jsonBody } from '../openapi/responses.ts'
import { createRouter } from '../openapi/router.ts'
import type { Services } from '../services.ts'
import { accountNameSchema, newPasswordSchema } from './session.ts'

const DEVICES_MAX = 1000

const devicesSchema = z
  .array(z.string().max(64))
  .min(1)
  .max(DEVICES_MAX)
  .nullable()
  .openapi({
    description: '`productId/deviceName` of each device that it sees; null: all',
    example: ['P1/cam1'],
  })

const accountSchema = z
  .object({
    id: z.int(),
    name: z.string(),
    role: z.enum(ROLES),
    createdMs: ms(),
    devices: devicesSchema,
  })
  .openapi('Account')

/** Admins see everything: they could give themselves what they lack. */
const restricted = ({ role, devices }: { role?: string | undefined; devices?: unknown }): boolean =>
  role !== 'admin' || devices === undefined || devices === null
const RESTRICTED_FAULT = { error: 'is for viewers; admins see all', path: ['devices'] }

const newAccountSchema = z
  .object({
    name: accountNameSchema,
    role: z.enum(ROLES),
    password: newPasswordSchema,
    devices: devicesSchema.optional(),
  })
  .refine(restricted, RESTRICTED_FAULT)
const changeSchema = z
  .object({
    role: z.enum(ROLES).optional(),
    password: newPasswordSchema.optional(),
    devices: devicesSchema.optional(),
  })
  .refine(restricted, RESTRICTED_FAULT)

const tags = ['accounts']
const middleware = requireAdmin()
const list = createRoute({
  operationId: 'listAccounts',
  method: 'get',
  path: '/accounts',
  tags,
  summary: 'Accounts',
  middleware,
  responses: {
    200: json(z.object({ accounts: z.array(accountSchema) }), 'All accounts'),
    ...errors(403, 429),
  },
})
const create = createRoute({
  operationId: 'createAccount',
  method: 'post',
  path: '/accounts',
  tags,
  summary: 'Make an account',
  middleware,
  request: { body: jsonBody(newAccountSchema) },
  responses: { 201: json(accountSchema, 'It is made'), ...errors(400, 403, 409, 413, 429) },
})
const change = createRoute({
  operationId: 'changeAccount',
  method: 'patch',
  path: '/accounts/{id}',
  tags,
  summary: 'Change role, password or devices; its sessions end',
  middleware,
  request: { params: idParams, body: jsonBody(changeSchema) },
  responses: {
    200: json(accountSchema, 'As it is now'),
    ...errors(400, 403, 404, 409, 413, 429),
  },
})
const remove = createRoute({
  operationId: 'deleteAccount',
  method: 'delete',
  path: '/accounts/{id}',
  tags,
  summary: 'Delete an account; its sessions end',
  middleware,
  request: { params: idParams },
  responses: { 204: empty('It is gone'), ...errors(403, 404, 409, 429) },
})

const view = (account: Account) => ({ ...account, devices: account.devices ?? null })

/** What an account cannot be, as an answer. */
const toApiError = (error: unknown): unknown => {
  if (!(error instanceof AccountError)) return error
  if (error.kind === 'unknown_device') return badRequest(`devices: ${error.message}`)
  return new ApiError(409, 'conflict', error.message)
}

/** Accounts of people. The admin token makes the first one, and works beside them. */
export const accountRoutes = (services: Services) => {
  const { accounts, sessions } = services

  const known = async (id: string): Promise<Account> => {
    const account = /^\d{1,9}$/.test(id) ? await accounts.get(Number(id)) : undefined
    if (!account) throw notFound('there is no such account; GET /api/accounts lists them')
    return account
  }
  const attempt = async <T>(work: Promise<T>): Promise<T> =>
    work.catch((error) => {
      throw toApiError(error)
    })

  return createRouter()
    .openapi(list, async (c) => c.json({ accounts: (await accounts.list()).map(view) }, 200))
    .openapi(create, async (c) => {
      const account = await attempt(accounts.create(c.req.valid('json')))
      const detail = `${account.name} ${account.role}`
      await audit(services, actorOf(c), { action: 'account.create', detail })
      return c.json(view(account), 201)
    })
    .openapi(change, async (c) => {
      const { id, name, role, devices } = await known(c.req.valid('param').id)
      const wanted = c.req.valid('json')
      const seen = wanted.devices === undefined ? devices : wanted.devices
      if ((wanted.role ?? role) === 'admin' && seen)
        throw badRequest('devices: is for viewers; admins see all (give null)')
      await attempt(accounts.change(id, wanted))
      sessions.forget()
      await audit(services, actorOf(c), { action: 'account.change', detail: name })
      return c.json(view(await known(String(id))), 200)
    })
    .openapi(remove, async (c) => {
      const { id, name } = await known(c.req.valid('param').id)
      await attempt(accounts.delete(id))
      sessions.forget()
      await audit(services, actorOf(c), { action: 'account.delete', detail: name })
      return c.body(null, 204)
    })
}
