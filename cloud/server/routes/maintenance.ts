import { createRoute, z } from '@hono/zod-openapi'
import { writeBackup } from '../backup/backup.ts'
import { examine } from '../doctor/doctor.ts'
import { errorText } from '../log.ts'
import { requireAdmin } from '../middleware/auth.ts'
import { binary, errors, json } from '../openapi/responses.ts'
import { createRouter } from '../openapi/router.ts'
import type { Services } from '../services.ts'

const tags = ['operation']
const middleware = requireAdmin()
const findingSchema = z.object({ check: z.string(), ok: z.boolean(), detail: z.string() })

const doctor = createRoute({
  operationId: 'examine',
  method: 'get',
  path: '/doctor',
  tags,
  summary:
    'Are stores, broker, disk and clock in order, and is every recording there that the index names',
  middleware,
  responses: {
    200: json(z.object({ findings: z.array(findingSchema) }), 'What was found'),
    ...errors(403, 429),
  },
})
const backup = createRoute({
  operationId: 'getBackup',
  method: 'get',
  path: '/backup',
  tags,
  summary: 'A backup of index, recordings and keys, as a tar; it holds secrets',
  middleware,
  responses: { 200: binary('application/x-tar', 'The backup'), ...errors(403, 429) },
})

/** What `skyrill cloud doctor` and `backup` ask of a server that runs. */
export const maintenanceRoutes = (services: Services) => {
  const { index, objects, broker, ingest, log, now, folder, minFreeBytes } = services
  return createRouter()
    .openapi(doctor, async (c) => {
      const findings = await examine({
        ...{ index, objects, broker, ingest, folder, minFreeBytes, now },
      })
      return c.json({ findings }, 200)
    })
    .openapi(backup, async (c) => {
      await ingest.tick()
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
      const writer = writable.getWriter()
      // the answer has begun by then: an error can only cut it off, and what is cut off lacks its checksums
      void writeBackup({ index, objects, folder, now }, (chunk) => writer.write(chunk)).then(
        (report) => {
          log.info('backup written', {
            rows: report.rows,
            objects: report.objects,
            bytes: report.bytes,
            missing: report.missing.length,
          })
          return writer.close()
        },
        (error) => {
          log.error('backup failed', { reason: errorText(error) })
          return writer.abort(error)
        },
      )
      return c.body(readable, 200, {
        'Content-Type': 'application/x-tar',
        'Content-Disposition': 'attachment; filename="skyrill-backup.tar"',
        'Cache-Control': 'no-store',
      }) as never
    })
}
