import { randomBytes } from 'node:crypto'
import { actorOf, audit } from '../audit.ts'
import { badRequest, notFound } from '../errors.ts'
import { createRouter } from '../openapi/router.ts'
import { createShare, listShares, revokeShare } from '../openapi/shares.ts'
import type { Services } from '../services.ts'
import { shareToken } from '../share/share.ts'
import { checkSpan } from '../span.ts'
import type { Share } from '../store/index/share-store.ts'
import { pathChannel, pathDevice } from './params.ts'
import { targetOf } from './target.ts'

/** A link may show a day, with a clock change in it. */
const RANGE_MAX_MS = 25 * 3_600_000
const ID_BYTES = 12

/** Links for people without an account: made, listed, revoked by admins. */
export const shareRoutes = (services: Services) => {
  const { index, now, signer } = services
  const view = ({ deviceId: _, startMs, endMs, ...share }: Share) => {
    const token = shareToken(signer, share.id)
    const url = `${services.publicUrl()}/s/${token}`
    return { ...share, fromMs: startMs, toMs: endMs, token, url }
  }
  return createRouter()
    .openapi(createShare, async (c) => {
      const device = await pathDevice(c, services)
      const channel = pathChannel(c)
      const { expiresInSec, ...body } = c.req.valid('json')
      const { endMs, ...target } = await targetOf(services, device, channel, body)
      const range = { startMs: target.startMs, endMs: endMs ?? now() }
      if (range.endMs <= range.startMs) throw badRequest('the event has no video yet')
      checkSpan(range, RANGE_MAX_MS)
      const actor = actorOf(c)
      const share: Share = {
        id: randomBytes(ID_BYTES).toString('hex'),
        deviceId: device.id,
        channel,
        ...target,
        ...range,
        expiresMs: now() + expiresInSec * 1000,
        revokedMs: 0,
        createdMs: now(),
        createdBy: actor,
      }
      await index.shares.put(share)
      const detail = `${share.id} until ${new Date(share.expiresMs).toISOString()}`
      await audit(services, actor, { action: 'share', device, channel, ...range, detail })
      return c.json(view(share), 201)
    })
    .openapi(listShares, async (c) => {
      const device = await pathDevice(c, services)
      return c.json({ shares: (await index.shares.list(device.id)).map(view) }, 200)
    })
    .openapi(revokeShare, async (c) => {
      const device = await pathDevice(c, services)
      const { id } = c.req.valid('param')
      const share = await index.shares.share(id)
      if (share?.deviceId !== device.id) throw notFound('there is no such link')
      await index.shares.revoke(id, now())
      await audit(services, actorOf(c), { action: 'unshare', device, detail: id })
      return c.body(null, 204)
    })
}
