import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CloudOptions } from '../env.ts'
import { createLogger } from '../log.ts'
import { type Cloud, type CloudOverrides, startCloud } from '../start.ts'
import { openPgliteIndex } from '../store/index/pglite.ts'
import type { S3Options } from '../store/objects/s3/s3-client.ts'
import { BucketObjects } from './objects.ts'
import { BucketReader } from './reader.ts'
import { BucketSync } from './sync.ts'

export type BucketCloudOptions = Omit<CloudOptions, 'databaseUrl' | 's3' | 'mqttBrokerUrl'> & {
  bucket: S3Options
  /** where devices put objects while the first bucket failed */
  fallback?: S3Options | undefined
}

/** Page, API and playlists over a bucket that cameras write to. It keeps nothing: the index is made anew from the bucket at each start. */
export const startBucketCloud = async (
  { bucket, fallback, ...options }: BucketCloudOptions,
  overrides: Pick<CloudOverrides, 'now' | 'log'> = {},
): Promise<Cloud> => {
  const log =
    overrides.log ?? createLogger(options.logLevel ?? 'info', undefined, options.logFormat)
  const now = overrides.now ?? Date.now
  const reader = new BucketReader(fallback ? [bucket, fallback] : [bucket])
  const folder = mkdtempSync(join(tmpdir(), 'skyrill-bucket-'))
  const cleanup: (() => unknown)[] = [
    () => rmSync(folder, { recursive: true, force: true }),
    () => reader.close(),
  ]
  const undo = async () => {
    for (const step of cleanup.splice(0).reverse()) await step()
  }
  try {
    await reader.check()
    const index = await openPgliteIndex('memory://')
    const objects = new BucketObjects(reader)
    const sync = new BucketSync({ reader, objects, index, log, now })
    const cloud = await startCloud(
      { ...options, dataDir: folder, mqttPort: 0 },
      { ...overrides, log, stores: { index, objects } },
    )
    cleanup.push(() => cloud.close())
    await sync.start()
    cleanup.push(() => sync.stop())
    return { ...cloud, close: undo }
  } catch (error) {
    await undo()
    throw error
  }
}
