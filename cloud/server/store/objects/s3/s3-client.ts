import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { AwsV4Signer } from 'aws4fetch'
import { StorageFullError } from '../types.ts'
import { bodyOf, S3Http } from './s3-http.ts'

export type S3Options = {
  /** `https://host:port`, without the bucket */
  endpoint: string
  bucket: string
  region: string
  accessKey: string
  secretKey: string
  /** the bucket in the path (`host/bucket/key`) or in the name (`bucket.host/key`) */
  pathStyle: boolean
  /** file with certificates of a CA of one's own, PEM */
  caFile?: string
  /** before every key, without slashes at its ends: several clouds in one bucket */
  prefix?: string
}

type Call = {
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  key: string
  query?: Record<string, string>
  headers?: Record<string, string>
  body?: Uint8Array
  /** of the body, base64, when it is known already */
  sha256?: string
}

export type PageOptions = { after?: string | undefined; delimiter?: string | undefined }
export type Page = {
  objects: { key: string; bytes: number; changedMs: number }[]
  folders: string[]
  isLast: boolean
}

const RETRIES = 3
const RETRY_MS = 100
/** Keys in one DeleteObjects. */
const DELETE_MAX = 1000
/** Spec: S3 API reference, SHA-256 of nothing. */
const EMPTY_SHA256 = createHash('sha256').digest('hex')

export class S3Error extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    what: string,
  ) {
    super(`the object store refused ${what}: ${status} ${code}`)
  }
}

const tag = (xml: string, name: string): string | undefined =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]

const plainText = (text: string): string =>
  text
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')

/** The few calls of the S3 API that the store makes, signed (SigV4), repeated while the server says that it may. */
export class S3Client {
  readonly #http: S3Http
  readonly #base: URL
  /** signing keys, one a day */
  readonly #cache = new Map<string, ArrayBuffer>()

  constructor(private readonly options: S3Options) {
    const endpoint = new URL(options.endpoint)
    this.#http = new S3Http(endpoint, options.caFile)
    this.#base = options.pathStyle
      ? new URL(`${endpoint.pathname.replace(/\/$/, '')}/${options.bucket}/`, endpoint)
      : new URL(`${endpoint.protocol}//${options.bucket}.${endpoint.host}/`)
  }

  #key(key: string): string {
    const { prefix } = this.options
    return prefix ? `${prefix}/${key}` : key
  }

  #url(key: string, query: Record<string, string> = {}): URL {
    const url = new URL(this.#base)
    url.pathname += key
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    return url
  }

  #signer(url: URL, method: string, headers: Record<string, string>, signQuery = false) {
    const { accessKey: accessKeyId, secretKey: secretAccessKey, region } = this.options
    const { href } = url
    return new AwsV4Signer({
      ...{ method, url: href, headers, accessKeyId, secretAccessKey, region, signQuery },
      ...{ service: 's3', cache: this.#cache },
    })
  }

  /** One call. Answers that mean "later", and connections that break, are tried again. */
  async #call(call: Call): Promise<IncomingMessage> {
    const { method, body } = call
    const url = this.#url(call.key, call.query)
    for (let tries = 0; ; tries++) {
      let failure: unknown
      try {
        const { headers } = await this.#signer(url, method, {
          ...call.headers,
          'X-Amz-Content-Sha256': payloadHash(call),
        }).sign()
        const answer = await this.#http.send({
          ...{ method, url, body },
          headers: Object.fromEntries(headers),
        })
        const status = answer.statusCode ?? 0
        if (status < 300) return answer
        const code = tag((await bodyOf(answer)).toString('utf8'), 'Code') ?? ''
        if (status === 507 || code === 'QuotaExceeded')
          throw new StorageFullError('the object store is full')
        failure = new S3Error(status, code, `${method} ${call.key}`)
        if (status < 500 && status !== 429) throw failure
      } catch (error) {
        if (error === failure || error instanceof StorageFullError) throw error
        failure = error
      }
      if (tries === RETRIES) throw failure
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS * 2 ** tries * Math.random()))
    }
  }

  async #text(call: Call): Promise<string> {
    return (await bodyOf(await this.#call(call))).toString('utf8')
  }

  /** Throws unless the bucket is there and these keys may use it. */
  async check(): Promise<void> {
    await this.list('', 1)
  }

  /** @param sha256 of the data, base64; spares a second hashing */
  async put(key: string, data: Uint8Array, sha256?: string): Promise<void> {
    const known = sha256 === undefined ? {} : { sha256 }
    await this.#text({ method: 'PUT', key: this.#key(key), body: data, ...known })
  }

  /** Bytes `start` to `end` (exclusive), or undefined when there is no such object, or none that long. */
  async get(key: string, start: number, end: number): Promise<IncomingMessage | undefined> {
    const headers = { Range: `bytes=${start}-${end - 1}` }
    return this.#call({ method: 'GET', key: this.#key(key), headers }).catch((error) => {
      if (error instanceof S3Error && error.status === 416) return undefined
      return absent(error)
    })
  }

  async size(key: string): Promise<number | undefined> {
    const answer = await this.#call({ method: 'HEAD', key: this.#key(key) }).catch(absent)
    answer?.resume()
    return answer && Number(answer.headers['content-length'] ?? 0)
  }

  async delete(key: string): Promise<void> {
    await this.#call({ method: 'DELETE', key: this.#key(key) })
      .then((answer) => answer.resume())
      .catch(absent)
  }

  /** Keys with a prefix, at most `limit` of them, in order. */
  async list(prefix: string, limit = 1000): Promise<string[]> {
    const query = { 'list-type': '2', prefix: this.#key(prefix), 'max-keys': String(limit) }
    const xml = await this.#text({ method: 'GET', key: '', query })
    const strip = this.#key('').length
    return [...xml.matchAll(/<Key>([^<]*)<\/Key>/g)].map((found) =>
      plainText(found[1]!).slice(strip),
    )
  }

  /** One page of what lies under a prefix, in order: objects, and with a delimiter the folders. */
  async page(prefix: string, { after, delimiter }: PageOptions = {}): Promise<Page> {
    const xml = await this.#text({
      method: 'GET',
      key: '',
      query: {
        'list-type': '2',
        prefix: this.#key(prefix),
        ...(after !== undefined && { 'start-after': this.#key(after) }),
        ...(delimiter !== undefined && { delimiter }),
      },
    })
    const strip = this.#key('').length
    const own = (key: string | undefined): string => plainText(key ?? '').slice(strip)
    const items = (name: string) =>
      [...xml.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, 'gs'))].map((found) => found[1]!)
    return {
      objects: items('Contents').map((item) => ({
        key: own(tag(item, 'Key')),
        bytes: Number(tag(item, 'Size') ?? 0),
        changedMs: Date.parse(tag(item, 'LastModified') ?? ''),
      })),
      folders: items('CommonPrefixes').map((item) => own(tag(item, 'Prefix'))),
      isLast: tag(xml, 'IsTruncated') !== 'true',
    }
  }

  /** A whole object, or undefined when there is none. */
  async getWhole(key: string): Promise<Buffer | undefined> {
    const answer = await this.#call({ method: 'GET', key: this.#key(key) }).catch(absent)
    return answer && (await bodyOf(answer))
  }

  /** The headers of an object, or undefined when there is none. */
  async head(key: string): Promise<IncomingMessage['headers'] | undefined> {
    const answer = await this.#call({ method: 'HEAD', key: this.#key(key) }).catch(absent)
    answer?.resume()
    return answer?.headers
  }

  /** Deletes every key with a prefix. */
  async deleteUnder(prefix: string): Promise<void> {
    for (;;) {
      const keys = await this.list(prefix, DELETE_MAX)
      if (keys.length === 0) return
      const items = keys.map((key) => `<Object><Key>${this.#key(key)}</Key></Object>`).join('')
      const body = Buffer.from(`<Delete><Quiet>true</Quiet>${items}</Delete>`)
      const headers = { 'Content-MD5': createHash('md5').update(body).digest('base64') }
      const xml = await this.#text({
        method: 'POST',
        key: '',
        query: { delete: '' },
        headers,
        body,
      })
      const code = tag(xml, 'Code')
      if (code !== undefined) throw new S3Error(200, code, `the deletion under ${prefix}`)
      if (keys.length < DELETE_MAX) return
    }
  }

  /** Begins an upload in parts, for objects that do not fit into one request. */
  async beginParts(key: string): Promise<string> {
    const xml = await this.#text({ method: 'POST', key: this.#key(key), query: { uploads: '' } })
    return plainText(tag(xml, 'UploadId') ?? '')
  }

  async putPart(key: string, uploadId: string, number: number, body: Uint8Array): Promise<string> {
    const query = { partNumber: String(number), uploadId }
    const answer = await this.#call({ method: 'PUT', key: this.#key(key), query, body })
    answer.resume()
    return String(answer.headers.etag ?? '')
  }

  async endParts(key: string, uploadId: string, etags: readonly string[]): Promise<void> {
    const parts = etags.map(
      (etag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${etag}</ETag></Part>`,
    )
    const body = Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`)
    const call = { method: 'POST', key: this.#key(key), query: { uploadId }, body } as const
    const xml = await this.#text(call)
    // Spec: S3 API reference, CompleteMultipartUpload: 200 is sent before it is known whether it works
    const code = tag(xml, 'Code')
    if (code !== undefined) throw new S3Error(200, code, `the completion of ${key}`)
  }

  /** Drops uploads in parts of an object that were never ended: their bytes are kept, and paid for, until somebody does. */
  async dropUnended(key: string): Promise<void> {
    const own = this.#key(key)
    const query = { uploads: '', prefix: own }
    const xml = await this.#text({ method: 'GET', key: '', query })
    for (const [, upload] of xml.matchAll(/<Upload>(.*?)<\/Upload>/gs))
      if (plainText(tag(upload!, 'Key') ?? '') === own)
        await this.dropParts(key, plainText(tag(upload!, 'UploadId') ?? ''))
  }

  async dropParts(key: string, uploadId: string): Promise<void> {
    const call = { method: 'DELETE', key: this.#key(key), query: { uploadId } } as const
    await this.#call(call).then((answer) => answer.resume(), absent)
  }

  /** A URL by which anyone may read an object for a while. `endpoint` is how readers reach the store. */
  async presign(key: string, seconds: number, answer: Record<string, string>): Promise<string> {
    const url = this.#url(this.#key(key), { 'X-Amz-Expires': String(seconds), ...answer })
    return (await this.#signer(url, 'GET', {}, true).sign()).url.href
  }

  close(): void {
    this.#http.close()
  }
}

const payloadHash = ({ body, sha256 }: Call): string => {
  if (!body) return EMPTY_SHA256
  if (sha256 !== undefined) return Buffer.from(sha256, 'base64').toString('hex')
  return createHash('sha256').update(body).digest('hex')
}

const absent = (error: unknown): undefined => {
  if (error instanceof S3Error && error.status === 404 && error.code !== 'NoSuchBucket')
    return undefined
  throw error
}
