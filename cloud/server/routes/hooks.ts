import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { actorOf, audit } from '../audit.ts'
import { ApiError, badRequest, forbidden, notFound } from '../errors.ts'
import { accessOf, requireAdmin } from '../middleware/auth.ts'
import { DELIVERY_STATES, type Delivery } from '../notify/deliveries.ts'
import { HOOK_KINDS, type Hook } from '../notify/hooks.ts'
import { messageSchema } from '../notify/message.ts'
import { ruleSchema } from '../notify/rule.ts'
import { subscriptionSchema } from '../notify/senders.ts'
import { countQuery, idParams, ms } from '../openapi/fields.ts'
import { empty, errors, json, jsonBody } from '../openapi/responses.ts'
import { createRouter } from '../openapi/router.ts'
import type { Services } from '../services.ts'

const LISTED_MAX = 500
const HOOKS_MAX = 200
/** Browsers of one account. */
const SUBSCRIPTIONS_MAX = 20

const nameSchema = z.string().trim().min(1).max(64)
const targetSchema = z.string().min(1).max(2048)
const hookSchema = z
  .object({
    id: z.string(),
    kind: z.enum(HOOK_KINDS),
    name: z.string(),
    target: z
      .string()
      .openapi({ description: 'URL, or address of a mailbox; of a browser the push service' }),
    rule: ruleSchema,
    enabled: z.boolean(),
    createdMs: ms(),
  })
  .openapi('Hook')
const deliverySchema = z
  .object({
    id: z.int(),
    hookId: z.string(),
    state: z.enum(DELIVERY_STATES),
    attempts: z.int(),
    nextMs: ms('when it is tried next'),
    createdMs: ms(),
    reason: z.string().openapi({ description: 'why it failed last' }),
    message: messageSchema,
  })
  .openapi('Delivery')

const tags = ['hooks']
const middleware = requireAdmin()
const listHooks = createRoute({
  operationId: 'listHooks',
  method: 'get',
  path: '/hooks',
  tags,
  summary: 'Where news and work for analysers go',
  middleware,
  responses: { 200: json(z.object({ hooks: z.array(hookSchema) }), 'All hooks'), ...errors(403) },
})
const createHook = createRoute({
  operationId: 'createHook',
  method: 'post',
  path: '/hooks',
  tags,
  summary: 'Make a webhook or a mail hook; the answer holds the secret of a webhook, this once',
  middleware,
  request: {
    body: jsonBody(
      z.object({
        kind: z.enum(['webhook', 'email']),
        name: nameSchema,
        target: targetSchema,
        rule: ruleSchema,
      }),
    ),
  },
  responses: {
    201: json(hookSchema.extend({ secret: z.string() }), 'It is made'),
    ...errors(400, 403, 409),
  },
})
const changeHook = createRoute({
  operationId: 'changeHook',
  method: 'patch',
  path: '/hooks/{id}',
  tags,
  summary: 'Change a hook',
  middleware,
  request: {
    params: idParams,
    body: jsonBody(
      z.object({
        name: nameSchema.optional(),
        target: targetSchema.optional(),
        rule: ruleSchema.optional(),
        enabled: z.boolean().optional(),
      }),
    ),
  },
  responses: { 200: json(hookSchema, 'As it is now'), ...errors(400, 403, 404) },
})
const deleteHook = createRoute({
  operationId: 'deleteHook',
  method: 'delete',
  path: '/hooks/{id}',
  tags,
  summary: 'Delete a hook and what waits for it',
  middleware,
  request: { params: idParams },
  responses: { 204: empty('It is gone'), ...errors(403, 404) },
})
const testHook = createRoute({
  operationId: 'testHook',
  method: 'post',
  path: '/hooks/{id}/test',
  tags,
  summary: 'Send a test message',
  middleware,
  request: { params: idParams },
  responses: { 202: empty('It is in the queue'), ...errors(403, 404) },
})
const listDeliveries = createRoute({
  operationId: 'listDeliveries',
  method: 'get',
  path: '/deliveries',
  tags,
  summary: 'What waits, and what was given up (dead letters), newest first',
  middleware,
  request: {
    query: z.object({
      state: z.enum(DELIVERY_STATES).default('dead'),
      limit: countQuery(LISTED_MAX, 100),
    }),
  },
  responses: {
    200: json(z.object({ deliveries: z.array(deliverySchema) }), 'Deliveries'),
    ...errors(400, 403),
  },
})
const retryDelivery = createRoute({
  operationId: 'retryDelivery',
  method: 'post',
  path: '/deliveries/{id}/retry',
  tags,
  summary: 'Drive a dead letter again',
  middleware,
  request: { params: idParams },
  responses: { 202: empty('It is in the queue'), ...errors(403, 404) },
})
const deleteDelivery = createRoute({
  operationId: 'deleteDelivery',
  method: 'delete',
  path: '/deliveries/{id}',
  tags,
  summary: 'Delete a delivery',
  middleware,
  request: { params: idParams },
  responses: { 204: empty('It is gone'), ...errors(403, 404) },
})
const pushKey = createRoute({
  operationId: 'getPushKey',
  method: 'get',
  path: '/push/key',
  tags,
  summary: 'Key that a browser needs to subscribe (applicationServerKey)',
  responses: { 200: json(z.object({ publicKey: z.string() }), 'VAPID public key'), ...errors() },
})
const subscribe = createRoute({
  operationId: 'subscribePush',
  method: 'put',
  path: '/push/subscription',
  tags,
  summary: 'Notify this browser; a subscription that is known gets the new rule',
  request: {
    body: jsonBody(z.object({ subscription: subscriptionSchema, rule: ruleSchema })),
  },
  responses: { 204: empty('It will be notified'), ...errors(400, 409) },
})
const unsubscribe = createRoute({
  operationId: 'unsubscribePush',
  method: 'delete',
  path: '/push/subscription',
  tags,
  summary: 'Notify this browser no more',
  request: { body: jsonBody(z.object({ endpoint: z.url() })) },
  responses: { 204: empty('It is not notified any more'), ...errors(400) },
})

const view = ({ id, kind, name, target, rule, enabled, createdMs }: Hook) => ({
  id,
  kind,
  name,
  // keys of browsers are nobody's business
  target:
    kind === 'push' ? new URL((JSON.parse(target) as { endpoint: string }).endpoint).host : target,
  rule,
  enabled,
  createdMs,
})

const deliveryView = ({
  id,
  hookId,
  state,
  attempts,
  nextMs,
  createdMs,
  reason,
  payload,
}: Delivery) => ({
  id,
  hookId,
  state,
  attempts,
  nextMs,
  createdMs,
  reason,
  message: messageSchema.parse(JSON.parse(payload)),
})

const checkTarget = (kind: Hook['kind'], target: string): void => {
  if (kind === 'email') {
    if (!z.email().safeParse(target).success)
      throw badRequest('target: must be an address of a mailbox')
    return
  }
  const url = URL.canParse(target) ? new URL(target) : undefined
  if (!url || !['http:', 'https:'].includes(url.protocol))
    throw badRequest('target: must be an http or https URL')
  if (url.username || url.password)
    throw badRequest('target: must hold no password; the body is signed by the secret of the hook')
}

/** Hooks and their queue are admins' business; a browser subscribes itself. */
export const hookRoutes = (services: Services) => {
  const { hooks, deliveries, notifier, dispatcher, vapidPublicKey } = services

  const known = async (id: string): Promise<Hook> => {
    const hook = await hooks.get(id)
    if (!hook) throw notFound('there is no such hook; GET /api/hooks lists them')
    return hook
  }
  const numberOf = (id: string): number => {
    if (!/^\d{1,9}$/.test(id)) throw notFound('there is no such delivery')
    return Number(id)
  }
  const checkRule = (kind: Hook['kind'], rule: Hook['rule']): void => {
    if (kind !== 'webhook' && rule.topics.includes('analysis'))
      throw badRequest('rule.topics: analysis is for webhooks')
  }
  const note = (c: Context, action: string, hook: Hook) =>
    audit(services, actorOf(c), { action, detail: `${hook.kind} ${hook.name}` })

  return createRouter()
    .openapi(listHooks, async (c) => c.json({ hooks: (await hooks.list()).map(view) }, 200))
    .openapi(createHook, async (c) => {
      const given = c.req.valid('json')
      checkTarget(given.kind, given.target)
      checkRule(given.kind, given.rule)
      if ((await hooks.list()).length >= HOOKS_MAX)
        throw new ApiError(409, 'conflict', `there are ${HOOKS_MAX} hooks; delete some`)
      const hook = await hooks.create({ ...given, accountId: null })
      await note(c, 'hook.create', hook)
      return c.json({ ...view(hook), secret: hook.secret }, 201)
    })
    .openapi(changeHook, async (c) => {
      const hook = await known(c.req.valid('param').id)
      const change = c.req.valid('json')
      if (change.target !== undefined) {
        if (hook.kind === 'push') throw badRequest('target: a browser subscribes itself')
        checkTarget(hook.kind, change.target)
      }
      if (change.rule) checkRule(hook.kind, change.rule)
      const defined = Object.fromEntries(
        Object.entries(change).filter(([, value]) => value !== undefined),
      )
      await hooks.change(hook.id, defined)
      await note(c, 'hook.change', hook)
      return c.json(view(await known(hook.id)), 200)
    })
    .openapi(deleteHook, async (c) => {
      const hook = await known(c.req.valid('param').id)
      await hooks.delete(hook.id)
      await note(c, 'hook.delete', hook)
      return c.body(null, 204)
    })
    .openapi(testHook, async (c) => {
      await notifier.test(await known(c.req.valid('param').id))
      return c.body(null, 202)
    })
    .openapi(listDeliveries, async (c) => {
      const { state, limit } = c.req.valid('query')
      return c.json({ deliveries: (await deliveries.list(state, limit)).map(deliveryView) }, 200)
    })
    .openapi(retryDelivery, async (c) => {
      if (!(await deliveries.retry(numberOf(c.req.valid('param').id))))
        throw notFound('there is no such dead letter')
      void dispatcher.run()
      return c.body(null, 202)
    })
    .openapi(deleteDelivery, async (c) => {
      if (!(await deliveries.delete(numberOf(c.req.valid('param').id))))
        throw notFound('there is no such delivery')
      return c.body(null, 204)
    })
    .openapi(pushKey, (c) => c.json({ publicKey: vapidPublicKey }, 200))
    .openapi(subscribe, async (c) => {
      const { subscription, rule } = c.req.valid('json')
      checkRule('push', rule)
      checkTarget('push', subscription.endpoint)
      const accountId = accessOf(c).account?.id ?? null
      const target = JSON.stringify(subscription)
      const all = await hooks.list()
      const { endpoint } = subscription
      const same = all.find(
        (hook) =>
          hook.kind === 'push' &&
          (JSON.parse(hook.target) as { endpoint: string }).endpoint === endpoint,
      )
      if (same) {
        if (same.accountId !== accountId)
          throw forbidden('this browser was subscribed by somebody else')
        await hooks.change(same.id, { target, rule, enabled: true })
        return c.body(null, 204)
      }
      if (
        all.filter((hook) => hook.kind === 'push' && hook.accountId === accountId).length >=
        SUBSCRIPTIONS_MAX
      )
        throw new ApiError(409, 'conflict', `${SUBSCRIPTIONS_MAX} browsers are subscribed already`)
      await hooks.create({
        kind: 'push',
        name: `browser of ${actorOf(c)}`,
        target,
        rule,
        accountId,
      })
      return c.body(null, 204)
    })
    .openapi(unsubscribe, async (c) => {
      const { endpoint } = c.req.valid('json')
      const accountId = accessOf(c).account?.id ?? null
      for (const hook of await hooks.list())
        if (
          hook.kind === 'push' &&
          hook.accountId === accountId &&
          (JSON.parse(hook.target) as { endpoint: string }).endpoint === endpoint
        )
          await hooks.delete(hook.id)
      return c.body(null, 204)
    })
}
