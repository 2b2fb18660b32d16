import { parseArgs } from 'node:util'
import { parseEnv } from '../env.ts'
import { errorText } from '../log.ts'
import { audit, printAudit } from './audit.ts'
import { type BucketFlags, BucketUsageError, bucketOptions } from './options.ts'
import { BucketReader } from './reader.ts'
import { startBucketCloud } from './start.ts'

export const BUCKET_HELP = `  skyrill cloud --bucket URL    page and playlists over a bucket that cameras write to, with no other state
  skyrill audit --bucket URL    compares indexes, manifests and objects of such a bucket

    --bucket URL     https://endpoint/bucket or https://endpoint/bucket/prefix; keys from AWS_ACCESS_KEY_ID
                     and AWS_SECRET_ACCESS_KEY
    --fallback URL   the cameras' second bucket
    --region NAME    default AWS_REGION, else us-east-1
    --ca FILE.pem    authority of the store's certificate
    --virtual-host   the bucket is part of the host's name: https://bucket.endpoint/prefix
    --hash           audit: also read every object and compare its SHA-256`

const OPTIONS = {
  bucket: { type: 'string' },
  fallback: { type: 'string' },
  region: { type: 'string' },
  ca: { type: 'string' },
  'virtual-host': { type: 'boolean' },
  hash: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

const parse = (args: string[]) => {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true }).values
  } catch (error) {
    throw new BucketUsageError(errorText(error))
  }
}

/** Runs until it is interrupted. */
const serve = async (
  bucket: Parameters<typeof startBucketCloud>[0]['bucket'],
  fallback: typeof bucket | undefined,
): Promise<number> => {
  const { databaseUrl: _, s3: __, mqttBrokerUrl: ___, ...options } = parseEnv(process.env)
  const cloud = await startBucketCloud({ ...options, bucket, fallback })
  process.stdout.write(`page   ${cloud.viewerUrl}\n`)
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
  await cloud.close()
  return 0
}

/** Whether arguments of `skyrill cloud` are about a bucket. */
export const isBucketCommand = (args: readonly string[]): boolean =>
  args[0] === 'audit' || args.some((arg) => /^--bucket(=|$)/.test(arg))

/** `skyrill cloud --bucket` and `skyrill audit`. Returns the exit code. */
export const bucketCommand = async (args: string[]): Promise<number> => {
  try {
    const values = parse(args)
    if (values.help) {
      process.stdout.write(`${BUCKET_HELP}\n`)
      return 0
    }
    if (values.bucket === undefined) throw new BucketUsageError('--bucket is required')
    const flags: BucketFlags = {
      region: values.region,
      ca: values.ca,
      virtualHost: values['virtual-host'],
    }
    const bucket = bucketOptions(values.bucket, flags, process.env)
    const fallback =
      values.fallback === undefined ? undefined : bucketOptions(values.fallback, flags, process.env)
    if (args[0] !== 'audit') return await serve(bucket, fallback)
    const reader = new BucketReader(fallback ? [bucket, fallback] : [bucket])
    try {
      await reader.check()
      return printAudit(await audit(reader, { readsAll: values.hash === true }))
    } finally {
      reader.close()
    }
  } catch (error) {
    if (!(error instanceof BucketUsageError)) throw error
    process.stderr.write(`skyrill: ${error.message}\n`)
    return 2
  }
}
