import type { BucketOptions, BucketUplinkOptions } from '../../runtime/index.ts'
import { UsageError } from './usage-error.ts'

const oneBucket = (
  name: string,
  text: string,
  region: string | undefined,
  ca: string | undefined,
): BucketOptions => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const [bucket, ...prefix] = url?.pathname.split('/').filter((segment) => segment !== '') ?? []
  if (!url || !/^https?:$/.test(url.protocol) || bucket === undefined)
    throw new UsageError(
      `--${name} ${text}: must be https://endpoint/bucket or https://endpoint/bucket/prefix`,
    )
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION } = process.env
  if (!AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY)
    throw new UsageError(
      `--${name} needs keys: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment`,
    )
  return {
    endpoint: url.origin,
    bucket,
    region: region ?? AWS_REGION ?? 'us-east-1',
    ...(prefix.length > 0 && { prefix: prefix.join('/') }),
    ...(ca !== undefined && { ca }),
    credentials: {
      accessKeyId: AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_SECRET_ACCESS_KEY,
      ...(AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}),
    },
  }
}

/** The bucket of `--bucket`, and the one of `--fallback`; its keys are in the environment, where other users cannot see them. */
export const bucketUplinkOption = (values: {
  bucket?: string | undefined
  fallback?: string | undefined
  region?: string | undefined
  ca?: string | undefined
}): BucketUplinkOptions | undefined => {
  const { bucket, fallback, region, ca } = values
  if (bucket === undefined) {
    if (fallback !== undefined) throw new UsageError('--fallback needs --bucket')
    return undefined
  }
  return {
    kind: 'bucket',
    ...oneBucket('bucket', bucket, region, ca),
    ...(fallback !== undefined && { fallback: oneBucket('fallback', fallback, region, ca) }),
  }
}
