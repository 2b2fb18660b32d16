import { readFileSync } from 'node:fs'
import type { S3Options } from '../store/objects/s3/s3-client.ts'

/** What a person types wrong. */
export class BucketUsageError extends Error {}

export type BucketFlags = {
  region?: string | undefined
  ca?: string | undefined
  virtualHost?: boolean | undefined
}

/**
 * A bucket by its URL: `https://endpoint/bucket/prefix`, or with `virtualHost` `https://bucket.endpoint/prefix`. Its keys are in the environment, where
 * other tools of S3 look for them too.
 */
export const bucketOptions = (
  text: string,
  { region, ca, virtualHost }: BucketFlags,
  env: Record<string, string | undefined>,
): S3Options => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url || !/^https?:$/.test(url.protocol))
    throw new BucketUsageError(
      `--bucket ${text}: must be https://endpoint/bucket or https://endpoint/bucket/prefix`,
    )
  const segments = url.pathname.split('/').filter((segment) => segment !== '')
  const [label, ...domain] = url.hostname.split('.')
  const bucket = virtualHost ? label : segments.shift()
  if (bucket === undefined || bucket === '')
    throw new BucketUsageError(`--bucket ${text}: names no bucket; https://endpoint/bucket does`)
  const { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey } = env
  if (!accessKey || !secretKey)
    throw new BucketUsageError(
      'the bucket needs keys: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment',
    )
  // a file that cannot be read is found before anything is opened
  if (ca !== undefined) readFileSync(ca)
  const port = url.port === '' ? '' : `:${url.port}`
  return {
    endpoint: `${url.protocol}//${virtualHost ? domain.join('.') : url.hostname}${port}`,
    bucket,
    accessKey,
    secretKey,
    region: region ?? env.AWS_REGION ?? 'us-east-1',
    pathStyle: virtualHost !== true,
    ...(ca !== undefined && { caFile: ca }),
    ...(segments.length > 0 && { prefix: segments.join('/') }),
  }
}
