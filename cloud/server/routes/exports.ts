import type { Context } from 'hono'
import { actorOf } from '../audit.ts'
import { ApiError, notFound } from '../errors.ts'
import {
  createExport,
  deleteExport,
  getExport,
  getExportFile,
  listExports,
} from '../openapi/exports.ts'
import { createRouter } from '../openapi/router.ts'
import type { Services } from '../services.ts'
import { deviceKey } from '../slice.ts'
import type { ExportJob } from '../store/index/export-store.ts'
import type { Device } from '../store/index/types.ts'
import { pathChannel, pathDevice } from './params.ts'
import { parseRange } from './range.ts'

/** `cam1-0-2026-11-24T10-00-00Z.mp4`: sorts by time, and every system takes it. */
const fileName = ({ deviceName }: Device, { channel, startMs }: ExportJob): string =>
  `${deviceName}-${channel}-${new Date(startMs).toISOString().slice(0, 19).replaceAll(':', '-')}Z.mp4`

const view = (device: Device, job: ExportJob) => {
  const { deviceId: _, startMs, endMs, ...rest } = job
  const url =
    job.state === 'done' ? `/api/devices/${deviceKey(device)}/exports/${job.id}/file` : null
  return { ...rest, fromMs: startMs, toMs: endMs, fileName: fileName(device, job), url }
}

/** Ranges as MP4 files: written by a job, fetched when it is done, deleted after a day. */
export const exportRoutes = (services: Services) => {
  const { exports, exportFiles: files } = services
  const target = async (c: Context): Promise<{ device: Device; job: ExportJob }> => {
    const device = await pathDevice(c, services)
    const job = await exports.job(c.req.param('id') ?? '')
    if (job?.deviceId !== device.id)
      throw notFound('there is no such export; its file may have expired')
    return { device, job }
  }
  return createRouter()
    .openapi(createExport, async (c) => {
      const device = await pathDevice(c, services)
      const { fromMs: startMs, toMs: endMs } = c.req.valid('json')
      const range = { startMs, endMs }
      const job = await exports.create(device, pathChannel(c), range, actorOf(c))
      return c.json(view(device, job), 202)
    })
    .openapi(listExports, async (c) => {
      const device = await pathDevice(c, services)
      const jobs = await exports.list(device.id)
      return c.json({ exports: jobs.map((job) => view(device, job)) }, 200)
    })
    .openapi(getExport, async (c) => {
      const { device, job } = await target(c)
      return c.json(view(device, job), 200)
    })
    .openapi(deleteExport, async (c) => {
      const { job } = await target(c)
      await exports.delete(job.id)
      return c.body(null, 204)
    })
    .openapi(getExportFile, async (c) => {
      const { device, job } = await target(c)
      if (job.state !== 'done')
        throw new ApiError(409, 'conflict', `the export is ${job.state}, there is no file`)
      const size = await files.size(job.id)
      if (size === undefined)
        throw new ApiError(410, 'gone', 'the file is not in the store any more; export again')
      const name = fileName(device, job)
      c.header('Accept-Ranges', 'bytes')
      c.header('Content-Type', 'video/mp4')
      c.header('Content-Disposition', `attachment; filename="${name}"`)
      c.header('Cache-Control', 'private, no-store')
      const isHead = c.req.method === 'HEAD'
      // a link to read with: it does not answer HEAD
      const url = isHead ? undefined : await files.url(job.id, size, name)
      if (url !== undefined) return c.redirect(url, 302)
      const range = parseRange(c.req.header('Range'), size)
      if (range === 'unsatisfiable')
        throw new ApiError(416, 'range_not_satisfiable', `the file has ${size} bytes`, {
          'Content-Range': `bytes */${size}`,
        })
      const { start, end } = range ?? { start: 0, end: size }
      c.header('Content-Length', String(end - start))
      if (range) c.header('Content-Range', `bytes ${start}-${end - 1}/${size}`)
      const status = range ? 206 : 200
      if (isHead) return c.body(null, status)
      const { headers } = c.body(null, status)
      return new Response(await files.read(job.id, start, end), { status, headers })
    })
}
