import type { Catalog } from '../catalog.ts'
import { errorText, type Logger } from '../log.ts'
import { deviceKey, sliceObjectKey } from '../slice.ts'
import type { ExportJob } from '../store/index/export-store.ts'
import type { IndexStore } from '../store/index/types.ts'
import type { ObjectStore } from '../store/objects/types.ts'
import type { ExportFiles } from './export-files.ts'
import { checkExport } from './export-range.ts'
import { ExportFault } from './sample.ts'
import { type Mp4Result, writeMp4 } from './write-mp4.ts'

export type WriteParts = {
  index: IndexStore
  objects: ObjectStore
  files: ExportFiles
  catalog: Catalog
  log: Logger
}

/**
 * Writes the file of a job; there is none when this rejects. The job's progress is kept up to date.
 * @param checkStop throws when the job is not to be gone on with
 */
export const writeExport = async (
  { index, objects, files, catalog, log }: WriteParts,
  job: ExportJob,
  checkStop: () => void,
): Promise<Mp4Result & { device: string }> => {
  const device = await index.deviceById(job.deviceId)
  if (!device) throw new ExportFault('the device was deleted')
  const { deviceId, channel, startMs: fromMs, endMs: toMs } = job
  const slices = await catalog.slices({ deviceId, channel, fromMs, toMs })
  const file = await files.create(job.id, checkExport(slices, job))
  try {
    const result = await writeMp4({
      slices,
      range: job,
      read: async (slice, start, end) => {
        checkStop()
        const key = sliceObjectKey(device, slice)
        if (((await objects.size(key, end)) ?? 0) < end)
          throw new ExportFault('a part of the recording was deleted or lost meanwhile')
        return new Uint8Array(await new Response(objects.read(key, start, end)).arrayBuffer())
      },
      write: async (bytes, position) => {
        await file.write(bytes, position)
        job.bytes = Math.max(job.bytes, position + bytes.length)
      },
      progress: (done, total) => {
        job.progress = done / total
      },
    })
    checkStop()
    await file.commit()
    return { ...result, device: deviceKey(device) }
  } catch (error) {
    await file
      .abort()
      .catch((reason) => log.error('export not undone', { reason: errorText(reason) }))
    throw error
  }
}
