import { createRoute, z } from '@hono/zod-openapi'
import { channelSchema, deviceNameSchema, eventKeySchema, productIdSchema } from '../contract.ts'
import { badRequest, forbidden, notFound, unauthorized } from '../errors.ts'
import { isWanted } from '../notify/rule.ts'
import { checkSignature, HOOK_HEADER, SIGNATURE_HEADER } from '../notify/signature.ts'
import { empty, errors, jsonBody } from '../openapi/responses.ts'
import { createRouter } from '../openapi/router.ts'
import type { Services } from '../services.ts'
import { deviceKey } from '../slice.ts'

const resultSchema = z
  .object({
    productId: productIdSchema,
    deviceName: deviceNameSchema,
    channel: channelSchema,
    key: eventKeySchema,
    /** what was found, for people */
    text: z.string().min(1).max(512),
  })
  .openapi('AnalysisResult')

const result = createRoute({
  operationId: 'sendResult',
  method: 'post',
  path: '/ai/results',
  tags: ['hooks'],
  summary: 'What an analyser found in an event that its hook was told of',
  description: `Signed as deliveries are: ${HOOK_HEADER} names the hook, ${SIGNATURE_HEADER} is "t=SECONDS,v1=HEX", HEX being HMAC-SHA256 over "SECONDS.BODY" by the hook's secret.`,
  security: [],
  request: { body: jsonBody(resultSchema) },
  responses: { 204: empty('The device and the page know it'), ...errors(400, 403, 404, 413, 429) },
})

/** Results of analysers. They have no account: the secret of their hook is what they are known by. */
export const aiResultRoutes = (services: Services) => {
  const { hooks, registry, index, bridge, now, log } = services
  return createRouter().openapi(result, async (c) => {
    // the text that was signed; the validator has read it, and Hono keeps it
    const body = await c.req.text()
    const hook = await hooks.get(c.req.header(HOOK_HEADER) ?? '')
    // as much work for a hook that does not exist
    const secret = hook?.secret ?? 'no hook has this secret'
    if (!checkSignature(secret, body, c.req.header(SIGNATURE_HEADER), now()) || !hook?.enabled)
      throw unauthorized('the signature is not that of a hook, or is too old')
    const { productId, deviceName, channel, key, text } = c.req.valid('json')
    const device = await registry.device(productId, deviceName)
    const event = device && (await index.events.event(device.id, channel, key))
    if (!event || !device) throw notFound('there is no such event; it may have been deleted')
    const { ai, eventId } = event
    if (ai === 0) throw badRequest('the device has asked for no analysis of this event')
    const news = { topic: 'analysis', device: deviceKey(device), eventId, ai } as const
    if (!isWanted(hook.rule, news, now())) throw forbidden('the hook is not for this event')
    await index.events.setAiText(event, text)
    await bridge.pushAiResult(device, {
      channel,
      ai: ai & (hook.rule.ai ?? -1),
      expiresAtMs: 0,
      event: { key, eventId },
      text,
    })
    log.info('analysed', { device: deviceKey(device), hook: hook.name })
    return c.body(null, 204)
  })
}
