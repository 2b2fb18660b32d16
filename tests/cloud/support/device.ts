import { createHash, randomUUID } from 'node:crypto'
import mqtt, { type MqttClient } from 'mqtt'
import { hmacLogin } from '../../../runtime/identity.ts'
import {
  type AppendIndex,
  downMessageSchema,
  type Piece,
  type SliceStart,
} from '../../../runtime/mqtt/messages.ts'
import { downFilter, topic } from '../../../runtime/mqtt/topics.ts'
import type { TestCloud } from './cloud.ts'

export const SECRET = Buffer.from('a secret of exactly 32 bytes ...').toString('base64')
export const BOOT = '00112233445566aa'

export const sliceId = (number: number, boot = BOOT): string =>
  `${boot}-${String(number).padStart(8, '0')}`

export const sliceStart = (given: Partial<SliceStart> = {}): SliceStart => ({
  id: sliceId(1),
  format: 'ts',
  codecs: 'avc1.64001f,mp4a.40.2',
  width: 1280,
  height: 720,
  startUtcMs: 1_780_000_000_000,
  startPtsMs: 0,
  startSeq: 0,
  discontinuity: false,
  initBytes: 0,
  ...given,
})

/** Finished pieces of equal length and duration, one after the other. */
export const pieces = (
  count: number,
  { bytes = 1000, durationMs = 2000, startMs = 1_780_000_000_000, offset = 0 } = {},
): Piece[] =>
  Array.from({ length: count }, (_, at) => ({
    o: offset + at * bytes,
    b: bytes,
    t: startMs + at * durationMs,
    d: durationMs,
    n: 50,
    k: 1,
  }))

/** Bytes that differ from place to place, so that a shifted or repeated part is noticed. */
export const noise = (bytes: number, seed = 1): Buffer => {
  const data = Buffer.alloc(bytes)
  let state = seed >>> 0 || 1
  for (let at = 0; at < bytes; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    data[at] = state >>> 24
  }
  return data
}

export const sha256 = (data: Uint8Array): string =>
  createHash('sha256').update(data).digest('base64')

/** A device that speaks the protocol from the document, independent of the runtime. */
export class TestDevice {
  client: MqttClient | undefined
  token = ''
  url = ''
  readonly received: unknown[] = []

  constructor(
    public cloud: TestCloud,
    readonly productId = 'P1',
    readonly deviceName = 'cam1',
  ) {}

  get path(): string {
    return `/devices/${this.productId}/${this.deviceName}`
  }

  async register(plan: object = { type: 'full' }, channel = 0): Promise<this> {
    const { productId, deviceName } = this
    const made = await this.cloud.api('POST', '/devices', {
      productId,
      deviceName,
      deviceSecret: SECRET,
    })
    if (made.status !== 201) throw new Error(`register: ${made.status} ${await made.text()}`)
    await this.setPlan(plan, channel)
    return this
  }

  async setPlan(plan: object, channel = 0): Promise<void> {
    const done = await this.cloud.api('PUT', `${this.path}/channels/${channel}/plan`, plan)
    if (done.status !== 200) throw new Error(`plan: ${done.status} ${await done.text()}`)
  }

  async connect(): Promise<this> {
    const { productId, deviceName } = this
    const expiryS = Date.now() / 1000 + 3600
    const login = hmacLogin(productId, deviceName, SECRET, expiryS, 'abcde')
    this.client = await mqtt.connectAsync(this.cloud.mqttUrl, { ...login, reconnectPeriod: 0 })
    this.client.on('message', (_, payload) => this.received.push(JSON.parse(payload.toString())))
    await this.client.subscribeAsync(downFilter(productId, deviceName), { qos: 1 })
    return this
  }

  /** Asks over MQTT; the answer is checked against the schemas. */
  async ask(kind: 'property' | 'service' | 'event', method: string, params: object) {
    const clientToken = randomUUID()
    const client = this.client!
    const answer = new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer to ${method}`)), 30_000)
      const onMessage = (_: string, payload: Buffer) => {
        const message = JSON.parse(payload.toString())
        if (message.clientToken !== clientToken) return
        clearTimeout(timer)
        client.off('message', onMessage)
        resolve(message)
      }
      client.on('message', onMessage)
    })
    const name = topic('up', kind, this.productId, this.deviceName)
    await client.publishAsync(name, JSON.stringify({ method, clientToken, params }), { qos: 1 })
    return downMessageSchema.parse(await answer)
  }

  /** Gets an upload token for a channel. */
  async authorize(channel = 0): Promise<this> {
    if (!this.client) await this.connect()
    const answer = await this.ask('service', 'upload_token', { channel })
    if (answer.method !== 'upload_token_reply' || !answer.data)
      throw new Error(`no upload token: ${JSON.stringify(answer)}`)
    this.token = answer.data.token
    this.url = answer.data.url
    return this
  }

  headers(more: Record<string, string> = {}): Record<string, string> {
    return { Authorization: `Bearer ${this.token}`, 'Tus-Resumable': '1.0.0', ...more }
  }

  create(start: SliceStart, more: Record<string, string> = {}): Promise<Response> {
    const json = Buffer.from(JSON.stringify(start)).toString('base64')
    return fetch(this.url, {
      method: 'POST',
      headers: this.headers({
        'Upload-Defer-Length': '1',
        'Upload-Metadata': `slice ${json}`,
        ...more,
      }),
    })
  }

  append(
    id: string,
    offset: number,
    data: Uint8Array,
    index: AppendIndex | undefined,
    more: Record<string, string> = {},
  ): Promise<Response> {
    return fetch(`${this.url}/${id}`, {
      method: 'PATCH',
      headers: this.headers({
        'Upload-Offset': String(offset),
        'Content-Type': 'application/offset+octet-stream',
        'Upload-Checksum': `sha256 ${sha256(data)}`,
        ...(index && { 'Skyrill-Index': JSON.stringify(index) }),
        ...more,
      }),
      body: data,
    })
  }

  head(id: string): Promise<Response> {
    return fetch(`${this.url}/${id}`, { method: 'HEAD', headers: this.headers() })
  }

  /** Uploads a whole slice in one append and closes it. */
  async upload(start: SliceStart, data: Uint8Array, list: readonly Piece[]): Promise<void> {
    const made = await this.create(start)
    if (made.status !== 201) throw new Error(`create: ${made.status} ${await made.text()}`)
    const last = list.at(-1)!
    const end = {
      endUtcMs: Math.round(last.t + last.d),
      endPtsMs: start.startPtsMs + last.t + last.d - start.startUtcMs,
      endSeq: start.startSeq + 1,
      frames: list.reduce((sum, piece) => sum + piece.n, 0),
      reason: 'idr' as const,
    }
    const index = { pieces: [...list], end }
    const length = { 'Upload-Length': String(data.length) }
    const done = await this.append(start.id, 0, data, index, length)
    if (done.status !== 204) throw new Error(`append: ${done.status} ${await done.text()}`)
  }

  async close(): Promise<void> {
    await this.client?.endAsync(true)
    this.client = undefined
  }
}
