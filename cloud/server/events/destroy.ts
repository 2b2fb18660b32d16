import { audit } from '../audit.ts'
import { NO_PLAN } from '../plan.ts'
import type { Services } from '../services.ts'
import type { Device } from '../store/index/types.ts'

export type DestroyParts = Pick<
  Services,
  'index' | 'registry' | 'presence' | 'ingest' | 'catalog' | 'exports' | 'now'
> & { pushPlan(device: Device, channel: number, plan: typeof NO_PLAN): Promise<void> }

/**
 * Deletes everything that a device has recorded, what is pinned and what was exported too, and ends its plans; the device itself stays
 * registered, shared links answer 410. Upload tokens from before are void first, so that
 * nothing appears behind the deletion. To repeat it does no harm.
 */
export const destroyRecordings = async (
  parts: DestroyParts,
  device: Device,
  actor: string,
): Promise<void> => {
  const { index, registry, presence, ingest, catalog, exports, now, pushPlan } = parts
  await registry.markDestroyed(device)
  const known = [...(await index.channels(device.id)), ...presence.channels(device.id)]
  const channels = [...new Set(known)]
  const plan = { ...NO_PLAN, changedMs: now() }
  for (const channel of channels) await registry.setPlan(device, channel, plan)
  await ingest.destroy(device)
  // a batch for the index may be on its way
  await ingest.tick()
  await index.deleteRecordings(device.id)
  await exports.destroy(device.id)
  await index.losses.deleteAll(device.id)
  catalog.forget(device.id)
  await audit(parts, actor, { action: 'destroy', device })
  for (const channel of channels) await pushPlan(device, channel, plan)
}
