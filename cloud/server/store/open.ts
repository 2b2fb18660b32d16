import type { DataFolder } from '../data-folder.ts'
import type { CloudOptions } from '../env.ts'
import { errorText, type Logger } from '../log.ts'
import { openPgliteIndex } from './index/pglite.ts'
import { openPostgresIndex } from './index/postgres.ts'
import type { IndexStore } from './index/types.ts'
import { DiskObjectStore } from './objects/disk.ts'
import { S3ObjectStore } from './objects/s3/s3.ts'
import type { ObjectStore } from './objects/types.ts'

const MIB = 1024 * 1024
export const DEFAULT_MIN_FREE_BYTES = 256 * MIB

/** The index that the options name. */
export const openIndex = (
  { databaseUrl }: CloudOptions,
  folder: DataFolder,
  log: Logger,
): Promise<IndexStore> => {
  const onError = (error: unknown) =>
    log.error('the index has a fault', { reason: errorText(error) })
  return databaseUrl
    ? openPostgresIndex(databaseUrl, onError)
    : openPgliteIndex(folder.index, onError)
}

/** Objects on the disk, in the data folder. */
export const openDiskObjects = (
  { minFreeBytes = DEFAULT_MIN_FREE_BYTES }: CloudOptions,
  folder: DataFolder,
  log: Logger,
): DiskObjectStore =>
  new DiskObjectStore({ ...folder, minFreeBytes }, (error) =>
    log.error('recordings not synced to the disk', { reason: errorText(error) }),
  )

/** The object store that the options name. */
export const openObjects = async (
  options: CloudOptions,
  folder: DataFolder,
  index: IndexStore,
  log: Logger,
): Promise<ObjectStore> => {
  if (options.s3)
    return S3ObjectStore.open(options.s3, index.uploads, (error) =>
      log.error('this instance could not say that it is there', { reason: errorText(error) }),
    )
  return openDiskObjects(options, folder, log)
}
