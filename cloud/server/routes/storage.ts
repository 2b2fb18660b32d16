import { actorOf, audit } from '../audit.ts'
import { maySee } from '../middleware/auth.ts'
import { createRouter } from '../openapi/router.ts'
import { checkStorage as describeCheck, getStorage } from '../openapi/storage.ts'
import type { Services } from '../services.ts'
import { checkStorage } from '../storage/check.ts'
import { spaceOf } from '../storage/space.ts'

/** What is stored by whom, how much room there is, and whether index and objects agree. */
export const storageRoutes = (services: Services) => {
  const { index, objects, folder, minFreeBytes } = services
  return createRouter()
    .openapi(getStorage, async (c) => {
      const used = await index.usage.bytesByDevice()
      const devices = (await index.devices()).filter((device) => maySee(c, device))
      const space = await spaceOf(objects, folder)
      return c.json(
        {
          usedBytes: [...used.values()].reduce((sum, bytes) => sum + bytes, 0),
          freeBytes: space?.freeBytes ?? null,
          totalBytes: space?.totalBytes ?? null,
          minFreeBytes,
          devices: devices.map(({ id, productId, deviceName, quotaBytes }) => ({
            productId,
            deviceName,
            usedBytes: used.get(id) ?? 0,
            quotaBytes,
          })),
        },
        200,
      )
    })
    .openapi(describeCheck, async (c) => {
      const { repair, maxPercent } = c.req.valid('json')
      const found = await checkStorage(services, {
        ...(repair !== undefined && { repair }),
        ...(maxPercent !== undefined && { maxPercent }),
      })
      if (found.repaired) {
        const detail = `${found.missing} rows without object, ${found.orphans} objects without row`
        await audit(services, actorOf(c), { action: 'repair_storage', detail })
      }
      return c.json(found, 200)
    })
}
