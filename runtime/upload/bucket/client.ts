import { AwsV4Signer } from 'aws4fetch'
import type { Clock, Random } from '../../clock.ts'
import { errorText } from '../../log.ts'
import { OBJECT_META_HEADER, type ObjectMeta, objectMetaSchema } from '../../mqtt/bucket-layout.ts'
import { CredentialStore } from '../credentials.ts'
import { HttpConnection, HttpFailure, type HttpTimeouts } from '../http.ts'
import { type BucketCredentials, type CheckedBucket, keyProvider } from './options.ts'
import { type BucketAnswer, bucketAnswer } from './s3-answer.ts'
import { ServerTime } from './server-time.ts'

export type BucketPut = {
  /** below the bucket's prefix */
  key: string
  body: readonly Uint8Array[]
  /** SHA-256 of the body, hexadecimal */
  sha256: string
  contentType: string
  /** others, in lower case */
  headers?: Record<string, string>
}

/** What is known of an object that is there; or that there is none, as far as our keys may see; or that the store gave no answer. */
export type BucketLook = { bytes: number; meta: ObjectMeta } | 'none' | 'no answer'

export type BucketClientOptions = {
  bucket: CheckedBucket
  channel: number
  clock: Clock
  random: Random
}

/** A line so slow (16 KB/s) that an object takes longer than the time-out for a request must not fail for that. */
const BYTES_PER_MS_MIN = 16

/** Once for the clock, once for the keys: what is refused then is refused. */
const SENDS_MAX = 3

/** Puts objects into one bucket: one connection, one request at a time. Spec: S3 API, PutObject; Signature Version 4. */
export class BucketClient {
  readonly #bucket: CheckedBucket
  readonly #clock: Clock
  readonly #credentials: CredentialStore<BucketCredentials> | undefined
  readonly #keys = new Map<string, ArrayBuffer>()
  readonly #time: ServerTime
  #connection: HttpConnection | undefined
  #isClosed = false

  constructor({ bucket, channel, clock, random }: BucketClientOptions) {
    this.#bucket = bucket
    this.#clock = clock
    this.#time = new ServerTime(clock)
    const provider = keyProvider(bucket)
    this.#credentials = provider && new CredentialStore(channel, provider, clock, random)
  }

  /** How far the device's clock is behind the store's, as far as that mattered. */
  get clockOffsetMs(): number {
    return this.#time.offsetMs
  }

  close(): void {
    this.#isClosed = true
    this.#connection?.close()
  }

  /** An answer comes when nothing refers to the body any more. */
  async put(put: BucketPut, times: HttpTimeouts): Promise<BucketAnswer> {
    let refused = false
    let skewed = false
    let last: BucketAnswer = { outcome: 'retry', status: 0, message: 'closed' }
    for (let sends = 0; sends < SENDS_MAX && !this.#isClosed; sends++) {
      last = await this.#send(put, times)
      // some stores call a request that was signed at another time just denied
      const learned =
        (last.outcome === 'skew' || last.outcome === 'credentials') &&
        last.serverMs !== undefined &&
        this.#isOff(last.serverMs) &&
        this.#time.learn(last.serverMs)
      if (learned && !skewed) skewed = true
      else if (last.outcome === 'credentials' && !refused) {
        refused = true
        this.#credentials?.drop()
      } else break
    }
    // what new keys did not mend is a matter of the configuration
    if (last.status >= 400 && (last.outcome === 'credentials' || last.outcome === 'skew'))
      return { ...last, outcome: 'config' }
    return last
  }

  /** Looks for an object of ours that is there already. */
  async look(key: string, times: HttpTimeouts): Promise<BucketLook> {
    // a presigned URL is for a PUT
    if (this.#bucket.presign) return 'none'
    const request = await this.#signed(this.#keyOf(key), 'HEAD', {})
    if ('outcome' in request) return 'no answer'
    const { url, headers } = request
    try {
      const response = await this.#connect(url).request(
        { method: 'HEAD', path: url.pathname + url.search, headers, body: [] },
        times,
      )
      const bytes = Number(response.headers.get('content-length'))
      const meta = parseMeta(response.headers.get(OBJECT_META_HEADER))
      if (response.status >= 500 || response.status === 429) return 'no answer'
      const serverMs = Date.parse(response.headers.get('date') ?? '')
      // refused for its time: with the right one it is another answer
      if (response.status === 403 && this.#isOff(serverMs) && this.#time.learn(serverMs))
        return 'no answer'
      return response.status === 200 && bytes > 0 && meta ? { bytes, meta } : 'none'
    } catch (error) {
      if (!(error instanceof HttpFailure)) throw error
      return 'no answer'
    }
  }

  /** Signatures are good for 15 minutes; half of that is no cause of a refusal. */
  #isOff(serverMs: number): boolean {
    return Math.abs(serverMs - this.#time.nowMs()) > 7.5 * 60_000
  }

  #keyOf(key: string): string {
    const { prefix } = this.#bucket
    return prefix === '' ? key : `${prefix}/${key}`
  }

  #connect(url: URL): HttpConnection {
    if (this.#connection?.origin !== url.origin) {
      this.#connection?.close()
      this.#connection = new HttpConnection(new URL(url.origin), this.#clock, this.#bucket.ca)
    }
    return this.#connection!
  }

  async #send(put: BucketPut, { sendMs, replyMs }: HttpTimeouts): Promise<BucketAnswer> {
    const bytes = put.body.reduce((sum, view) => sum + view.length, 0)
    const request = await this.#signedPut(put, bytes)
    if ('outcome' in request) return request
    const { url, headers } = request
    try {
      const response = await this.#connect(url).request(
        { method: 'PUT', path: url.pathname + url.search, headers, body: put.body },
        { sendMs: sendMs + Math.ceil(bytes / BYTES_PER_MS_MIN), replyMs },
      )
      return bucketAnswer(response, this.#clock.nowMs())
    } catch (error) {
      if (!(error instanceof HttpFailure)) throw error
      return { outcome: 'retry', status: 0, message: `${url.origin}: ${errorText(error)}` }
    }
  }

  async #signedPut(put: BucketPut, bytes: number): Promise<Signed | BucketAnswer> {
    const { storageClass, presign } = this.#bucket
    const key = this.#keyOf(put.key)
    const headers: Record<string, string> = {
      'content-type': put.contentType,
      // Spec: S3, "Authenticating requests: using query parameters": of a presigned URL the payload is not signed
      ...(presign ? {} : { 'x-amz-content-sha256': put.sha256 }),
      // kept with the object by stores that know it
      'x-amz-checksum-sha256': Buffer.from(put.sha256, 'hex').toString('base64'),
      ...(storageClass === undefined ? {} : { 'x-amz-storage-class': storageClass }),
      ...put.headers,
    }
    if (!presign) return this.#signed(key, 'PUT', headers)
    const granted = await presign({ method: 'PUT', key, bytes, headers }).catch(
      (error: unknown) => ({ denied: 'offline' as const, message: errorText(error) }),
    )
    return 'url' in granted ? { url: new URL(granted.url), headers } : denied(granted.message)
  }

  async #signed(
    key: string,
    method: 'PUT' | 'HEAD',
    headers: Record<string, string>,
  ): Promise<Signed | BucketAnswer> {
    const credentials = await this.#credentials!.get()
    if ('denied' in credentials) return denied(credentials.message)
    const { accessKeyId, secretAccessKey, sessionToken } = credentials
    const signer = new AwsV4Signer({
      method,
      url: bucketUrl(this.#bucket, key).href,
      headers,
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
      service: 's3',
      region: this.#bucket.region,
      cache: this.#keys,
      datetime: amzDate(this.#time.nowMs()),
    })
    const signed = await signer.sign()
    return { url: signed.url, headers: Object.fromEntries(signed.headers) }
  }
}

type Signed = { url: URL; headers: Record<string, string> }

const parseMeta = (text: string | undefined): ObjectMeta | undefined => {
  try {
    return objectMetaSchema.parse(JSON.parse(text ?? ''))
  } catch {
    // put by somebody else
    return undefined
  }
}

/** No keys now: the line or the provider is at fault, not the store. */
const denied = (message: string): BucketAnswer => ({ outcome: 'retry', status: 0, message })

/** `20261124T130501Z`. */
const amzDate = (utcMs: number): string =>
  new Date(utcMs).toISOString().replace(/[:-]|\.\d{3}/g, '')

/** Address of an object, path-style or with the bucket as part of the host's name. */
export const bucketUrl = (
  { endpoint, bucket, pathStyle }: Pick<CheckedBucket, 'endpoint' | 'bucket' | 'pathStyle'>,
  key: string,
): URL => {
  const url = new URL(endpoint)
  const base = url.pathname.replace(/\/$/, '')
  if (pathStyle) url.pathname = `${base}/${bucket}/${key}`
  else {
    url.hostname = `${bucket}.${url.hostname}`
    url.pathname = `${base}/${key}`
  }
  return url
}
