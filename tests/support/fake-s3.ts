import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AwsV4Signer } from 'aws4fetch'

export const FAKE_KEYS = { accessKeyId: 'fake-access', secretAccessKey: 'fake-secret' }

export type FakeObject = { body: Buffer; headers: IncomingMessage['headers'] }

/** What goes wrong with a request: an error in place of the answer, or none. */
export type S3Fault =
  | { kind: 'error'; status: number; code: string; headers?: Record<string, string> }
  | { kind: 'page' }
  | { kind: 'cut' }
  /** the object is kept, its answer is lost */
  | { kind: 'lose-answer' }

/** Signatures are good for 15 minutes. Spec: S3 user guide, "Authenticating requests". */
const SKEW_MAX_MS = 15 * 60_000

const utcMsOf = (amzDate: string): number =>
  Date.parse(amzDate.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))

/** A small S3 store in memory that checks signature and time of each request and SHA-256 of each PUT, and does what it is told wrong. */
export class FakeS3 {
  readonly objects = new Map<string, FakeObject>()
  readonly requests: { method: string; key: string; host: string }[] = []
  /** looks at each PUT and may name a fault */
  fault: (key: string, number: number) => S3Fault | undefined = () => undefined
  bucket = 'recordings'
  secretAccessKey = FAKE_KEYS.secretAccessKey
  /** the store's clock */
  nowMs: () => number = Date.now
  #server = createServer((request, response) => void this.#answer(request, response))

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Keys that match, in order. */
  keys(pattern: RegExp): string[] {
    return [...this.objects.keys()].filter((key) => pattern.test(key)).sort()
  }

  json(key: string): unknown {
    return JSON.parse(this.objects.get(key)!.body.toString())
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((done) => this.#server.close(done))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent((request.url ?? '').split('?')[0]!.slice(1))
    const [bucket, ...rest] = path.split('/')
    const key = rest.join('/')
    const number = this.requests.length
    this.requests.push({ method: request.method!, key, host: request.headers.host ?? '' })
    const date = new Date(this.nowMs()).toUTCString()
    const fault = this.fault(key, number)
    if (fault?.kind === 'cut') return void request.socket.destroy()
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer)
    } catch {
      return
    }
    const body = Buffer.concat(chunks)
    const error = (status: number, code: string, headers: Record<string, string> = {}) => {
      response.writeHead(status, { Date: date, 'Content-Type': 'application/xml', ...headers })
      response.end(
        `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`,
      )
    }
    if (fault?.kind === 'error') return error(fault.status, fault.code, fault.headers)
    if (fault?.kind === 'page') {
      response.writeHead(200, { 'Content-Type': 'text/html' })
      return void response.end('<html>Accept the terms</html>')
    }
    const refusal = await this.#refusal(request, body)
    if (refusal) return error(403, refusal)
    if (bucket !== this.bucket) return error(404, 'NoSuchBucket')
    if (request.method === 'HEAD') {
      const object = this.objects.get(key)
      const meta = object?.headers['x-amz-meta-skyrill']
      response.writeHead(object ? 200 : 404, {
        Date: date,
        'Content-Length': String(object?.body.length ?? 0),
        ...(meta !== undefined && { 'x-amz-meta-skyrill': String(meta) }),
      })
      return void response.end()
    }
    this.objects.set(key, { body, headers: request.headers })
    if (fault?.kind === 'lose-answer') return void request.socket.destroy()
    const etag = createHash('md5').update(body).digest('hex')
    response.writeHead(200, { Date: date, ETag: `"${etag}"` })
    response.end()
  }

  /** Why a PUT is refused. */
  async #refusal(request: IncomingMessage, body: Buffer): Promise<string | undefined> {
    const { headers } = request
    const match = /Credential=([^/]+)\/.*SignedHeaders=([^,]+), Signature=(\w+)/.exec(
      headers.authorization ?? '',
    )
    if (!match) return 'AccessDenied'
    const datetime = String(headers['x-amz-date'])
    if (Math.abs(utcMsOf(datetime) - this.nowMs()) > SKEW_MAX_MS) return 'RequestTimeTooSkewed'
    if (match[1] !== FAKE_KEYS.accessKeyId) return 'InvalidAccessKeyId'
    const signed = Object.fromEntries(
      match[2]!
        .split(';')
        .filter((name) => name !== 'host')
        .map((name) => [name, String(headers[name])]),
    )
    const { accessKeyId } = FAKE_KEYS
    const { secretAccessKey } = this
    const url = `http://${headers.host}${request.url}`
    const signer = new AwsV4Signer({
      method: request.method!,
      url,
      headers: signed,
      accessKeyId,
      secretAccessKey,
      service: 's3',
      region: 'us-east-1',
      datetime,
    })
    const expected = await signer.signature()
    if (expected !== match[3]) return 'SignatureDoesNotMatch'
    const sha256 = createHash('sha256').update(body).digest('hex')
    if (request.method === 'HEAD') return undefined
    return headers['x-amz-content-sha256'] === sha256 ? undefined : 'XAmzContentSHA256Mismatch'
  }
}
