import { z } from 'zod'
import { refuse } from '../../faults.ts'
import { bucketPrefixSchema } from '../../mqtt/bucket-layout.ts'
import {
  type CredentialProvider,
  type Denied,
  type Expiring,
  NEVER_EXPIRES,
  staticCredentials,
} from '../credentials.ts'

/** Keys of an S3-compatible store. */
export type BucketKeys = { accessKeyId: string; secretAccessKey: string; sessionToken?: string }
export type BucketCredentials = Expiring & BucketKeys

/** What is to be put, for who signs its URL. The headers are to be signed too: a store refuses those of `x-amz-` that are not. */
export type PresignRequest = {
  method: 'PUT'
  key: string
  bytes: number
  headers: Readonly<Record<string, string>>
}
/** Gives an URL to put one object to, or says why not. For devices that are to have no keys. */
export type Presigner = (request: PresignRequest) => Promise<{ url: string } | Denied>

/** One bucket. */
export type BucketOptions = {
  /** `https://s3.eu-central-1.amazonaws.com`, `http://192.168.1.5:9000` */
  endpoint: string
  bucket: string
  /** default us-east-1 */
  region?: string
  /** what keys begin with; default nothing */
  prefix?: string
  /** `https://endpoint/bucket/key` (default) or `https://bucket.endpoint/key` */
  pathStyle?: boolean
  /** PEM of the authority that signed the store's certificate */
  ca?: string
  /** such as STANDARD_IA */
  storageClass?: string
  /** keys that do not change, or what gives them */
  credentials?: BucketKeys | CredentialProvider<BucketCredentials>
  /** in place of credentials */
  presign?: Presigner
}

/** Recordings go to a bucket, not to a cloud. */
export type BucketUplinkOptions = BucketOptions & {
  kind: 'bucket'
  /** another bucket for when the first one fails */
  fallback?: BucketOptions
  /** ms that the first bucket has to fail until the fallback is used; default 10000 */
  fallbackAfterMs?: number
  /** largest GOP that the cameras make, bytes: initCs then checks that the buffer is large enough */
  maxGopBytes?: number
}

const keysSchema = z.object({
  accessKeyId: z.string().min(1, 'is empty'),
  secretAccessKey: z.string().min(1, 'is empty'),
  sessionToken: z.string().optional(),
})

const isFunction = (value: unknown): boolean => typeof value === 'function'

const bucketSchema = z
  .object({
    endpoint: z.url({
      protocol: /^https?$/,
      error: () => 'must be an http or https URL such as https://s3.eu-central-1.amazonaws.com',
    }),
    // Spec: S3 user guide, "General purpose bucket naming rules"
    bucket: z
      .string()
      .regex(
        /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
        refuse('must be a bucket name: 3 to 63 of a-z, 0-9, "." and "-"'),
      ),
    region: z
      .string()
      .regex(/^[a-z0-9-]{1,64}$/, refuse('must be a region'))
      .default('us-east-1'),
    prefix: bucketPrefixSchema.default(''),
    pathStyle: z.boolean(refuse('must be true or false')).default(true),
    ca: z.string().optional(),
    storageClass: z
      .string()
      .regex(/^[A-Z0-9_]{1,32}$/, refuse('must be a storage class such as STANDARD_IA'))
      .optional(),
    credentials: z
      .union([keysSchema, z.custom<CredentialProvider<BucketCredentials>>(isFunction)])
      .optional(),
    presign: z.custom<Presigner>(isFunction, refuse('must be a function')).optional(),
  })
  .refine(
    ({ credentials, presign }) => (credentials === undefined) !== (presign === undefined),
    'needs either credentials or presign',
  )

export const bucketUplinkSchema = z
  .object({
    kind: z.literal('bucket'),
    fallback: bucketSchema.optional(),
    fallbackAfterMs: z.int().min(0).max(3_600_000).default(10_000),
    maxGopBytes: z
      .int()
      .min(1)
      .max(64 * 1024 * 1024)
      .optional(),
  })
  .and(bucketSchema)

export type CheckedBucket = z.infer<typeof bucketSchema>
export type CheckedBucketUplink = z.infer<typeof bucketUplinkSchema>

/** Where the keys of a bucket come from; undefined when its URLs are presigned. */
export const keyProvider = ({
  credentials,
}: CheckedBucket): CredentialProvider<BucketCredentials> | undefined => {
  if (credentials === undefined || typeof credentials === 'function') return credentials
  const { accessKeyId, secretAccessKey, sessionToken } = credentials
  return staticCredentials<BucketCredentials>({
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    expiresAtMs: NEVER_EXPIRES,
  })
}

/** A PUT frees nothing before its end: while one GOP is sent another is recorded, and the next one has begun. */
export const ringBytesFor = (gopBytes: number): number => Math.ceil((gopBytes * 2.25) / 4096) * 4096
/** Why a channel's buffer is too small for PUTs of whole GOPs of this size, with the number of bytes that would do; undefined when it is not. */
export const bufferFault = (
  channels: readonly { channel_id: number; u32MaxGopSize: number }[],
  gopBytes: number | undefined,
): string | undefined => {
  if (gopBytes === undefined) return undefined
  const needed = ringBytesFor(gopBytes)
  const small = channels.find(({ u32MaxGopSize }) => u32MaxGopSize < needed)
  return (
    small &&
    `channel ${small.channel_id}: a bucket uplink needs u32MaxGopSize of at least ${needed} bytes (2 GOPs of ${gopBytes} bytes and 25 %), not ${small.u32MaxGopSize}`
  )
}

/** The largest GOP that a buffer is enough for. */
export const gopBytesFor = (ringBytes: number): number => Math.floor(ringBytes / 2.25)
