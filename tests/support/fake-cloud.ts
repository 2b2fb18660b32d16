import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net'
import { Aedes } from 'aedes'
import {
  type AppendIndex,
  appendIndexSchema,
  type DownMessage,
  type PlanProperties,
  type SliceStart,
  sliceStartSchema,
  type UpMessage,
  upMessageSchema,
} from '../../runtime/mqtt/messages.ts'
import { parseTopic, topic } from '../../runtime/mqtt/topics.ts'

export const FULL_TIME: PlanProperties = {
  _sys_cs_status: 1,
  _sys_cs_type: 1,
  _sys_cs_days: 7,
  _sys_cs_trial_sec: 0,
}
export const NONE: PlanProperties = {
  _sys_cs_status: 0,
  _sys_cs_type: 0,
  _sys_cs_days: 0,
  _sys_cs_trial_sec: 0,
}

/** What goes wrong with a request: an answer instead of the right one, or none. */
export type Fault =
  | { kind: 'answer'; status: number; headers?: Record<string, string>; body?: string }
  /** the connection is cut before the request is read */
  | { kind: 'cut' }
  /** the request is carried out, its answer is lost */
  | { kind: 'lose-answer' }
  | { kind: 'stall' }
  /** the connection is cut in the middle of the body */
  | { kind: 'cut-body' }

export type FakeSlice = {
  start: SliceStart
  bytes: Buffer
  length: number | undefined
  indexes: AppendIndex[]
}

type Request = { method: string; url: string }

/**
 * A small cloud that keeps everything in memory and does what it is told wrong: for the device's side, on every runtime. It keeps to
 * docs/PROTOCOL.md as far as a device can tell.
 */
export class FakeCloud {
  /** by path: channel and id */
  readonly slices = new Map<string, FakeSlice>()
  readonly received: UpMessage[] = []
  readonly requests: Request[] = []
  plan: PlanProperties = FULL_TIME
  /** looks at each request and may name a fault */
  fault: (request: Request) => Fault | undefined = () => undefined
  /** messages that are not answered */
  deaf = new Set<string>()
  tokenLifeMs = 3_600_000
  /** where slices go when not here */
  uploadUrl: string | undefined
  tokens = 0
  /** only the newest token is taken */
  strictTokens = false
  readonly #sockets = new Set<Socket>()
  #broker: Aedes | undefined
  #mqtt: Server | undefined
  #http: ReturnType<typeof createHttpServer> | undefined
  #password: (username: string, password: string) => boolean = () => true

  async start(): Promise<this> {
    const broker = await Aedes.createBroker()
    broker.authenticate = (_, username, password, done) =>
      done(null, this.#password(String(username), String(password)))
    broker.on('publish', (packet, client) => {
      if (client) this.#mqttMessage(packet.topic, packet.payload)
    })
    this.#broker = broker
    this.#mqtt = createTcpServer((socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      broker.handle(socket)
    }).listen(0, '127.0.0.1')
    await once(this.#mqtt, 'listening')
    this.#http = createHttpServer((request, response) => void this.#request(request, response))
    this.#http.listen(0, '127.0.0.1')
    await once(this.#http, 'listening')
    return this
  }

  /** Refuses logins that the function does not like. */
  checkLogin(check: (username: string, password: string) => boolean): void {
    this.#password = check
  }

  get mqttUrl(): string {
    return `mqtt://127.0.0.1:${(this.#mqtt!.address() as AddressInfo).port}`
  }

  get httpUrl(): string {
    return `http://127.0.0.1:${(this.#http!.address() as AddressInfo).port}`
  }

  /** All slices' bytes, in the order of their numbers. */
  get bytes(): Buffer {
    const ids = [...this.slices.keys()].sort()
    return Buffer.concat(ids.map((id) => this.slices.get(id)!.bytes))
  }

  /** Tells the device what its plan is now. */
  control(productId: string, deviceName: string, channel: number, plan: PlanProperties): void {
    this.plan = plan
    const message: DownMessage = {
      method: 'control',
      clientToken: `control-${this.received.length}`,
      params: { channel, ...plan },
    }
    this.#publish('property', productId, deviceName, message)
  }

  /** Cuts all MQTT connections. */
  cutMqtt(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async stop(): Promise<void> {
    this.cutMqtt()
    const broker = this.#broker
    await new Promise<void>((resolve) => (broker ? broker.close(() => resolve()) : resolve()))
    this.#mqtt?.close()
    this.#http?.closeAllConnections()
    this.#http?.close()
  }

  #publish(
    kind: 'property' | 'service' | 'event',
    productId: string,
    deviceName: string,
    message: object,
  ): void {
    this.#broker!.publish(
      {
        cmd: 'publish',
        qos: 1,
        dup: false,
        retain: false,
        topic: topic('down', kind, productId, deviceName),
        payload: JSON.stringify(message),
      },
      () => {},
    )
  }

  #mqttMessage(name: string, payload: Uint8Array | string): void {
    const parsed = parseTopic(name)
    if (parsed?.direction !== 'up') return
    const message = upMessageSchema.parse(JSON.parse(payload.toString()))
    this.received.push(message)
    if (this.deaf.has(message.method)) return
    const { kind, productId, deviceName } = parsed
    const { clientToken } = message
    const ok = { clientToken, code: 0, status: 'ok' }
    if (message.method === 'get_status') {
      const { channel } = message.params
      const data = { channel, ...this.plan }
      this.#publish(kind, productId, deviceName, { method: 'get_status_reply', ...ok, data })
    } else if (message.method === 'upload_token') {
      const method = 'upload_token_reply'
      if (this.plan._sys_cs_status === 0) {
        const denied = { method, clientToken, code: 402, status: 'no plan' }
        this.#publish(kind, productId, deviceName, denied)
        return
      }
      const data = {
        token: `token-${++this.tokens}`,
        expiresAtMs: Date.now() + this.tokenLifeMs,
        url: this.uploadUrl ?? `${this.httpUrl}/uploads/${message.params.channel}`,
      }
      this.#publish(kind, productId, deviceName, { method, ...ok, data })
    } else if (message.method === 'destroy') {
      this.slices.clear()
      this.#publish(kind, productId, deviceName, { method: 'destroy_reply', ...ok })
    } else if (message.method === 'loss_report' || message.method === 'clock_epoch')
      this.#publish(kind, productId, deviceName, { method: `${message.method}_reply`, ...ok })
  }

  async #request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = { method: request.method!, url: request.url! }
    this.requests.push(seen)
    const fault = this.fault(seen)
    if (fault?.kind === 'cut') return void request.socket.destroy()
    if (fault?.kind === 'cut-body') {
      request.once('data', () => request.socket.destroy())
      return
    }
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer)
    } catch {
      return
    }
    if (fault?.kind === 'stall') return
    if (fault?.kind === 'answer') {
      response.writeHead(fault.status, fault.headers ?? { 'Tus-Resumable': '1.0.0' })
      return void response.end(fault.body ?? '')
    }
    const [status, headers] = this.#answer(request, Buffer.concat(chunks))
    if (fault?.kind === 'lose-answer') return void request.socket.destroy()
    response.writeHead(status, { 'Tus-Resumable': '1.0.0', ...headers })
    response.end()
  }

  #answer(request: IncomingMessage, body: Buffer): [number, Record<string, string>] {
    const { method, headers, url } = request
    if (this.strictTokens && headers.authorization !== `Bearer token-${this.tokens}`)
      return [401, {}]
    if (headers['tus-resumable'] !== '1.0.0') return [412, {}]
    if (method === 'POST') return this.#create(url!, String(headers['upload-metadata']))
    const slice = this.slices.get(url!)
    if (!slice) return [404, {}]
    const position = (): Record<string, string> => ({
      'Upload-Offset': String(slice.bytes.length),
      ...(slice.length === undefined ? {} : { 'Upload-Length': String(slice.length) }),
    })
    if (method === 'HEAD') return [200, position()]
    if (Number(headers['upload-offset']) !== slice.bytes.length) return [409, position()]
    const sum = createHash('sha256').update(body).digest('base64')
    if (headers['upload-checksum'] !== `sha256 ${sum}`) return [460, {}]
    const index = appendIndexSchema.safeParse(JSON.parse(String(headers['skyrill-index'])))
    if (!index.success) return [400, {}]
    slice.indexes.push(index.data)
    slice.bytes = Buffer.concat([slice.bytes, body])
    if (headers['upload-length'] !== undefined) slice.length = Number(headers['upload-length'])
    return [204, position()]
  }

  #create(collection: string, metadata: string): [number, Record<string, string>] {
    const [key, value] = metadata.split(' ')
    if (key !== 'slice') return [400, {}]
    const start = sliceStartSchema.parse(JSON.parse(Buffer.from(value!, 'base64').toString()))
    const Location = `${collection}/${start.id}`
    const known = this.slices.get(Location)
    if (known) return [200, { Location, 'Upload-Offset': String(known.bytes.length) }]
    this.slices.set(Location, { start, bytes: Buffer.alloc(0), length: undefined, indexes: [] })
    return [201, { Location, 'Upload-Offset': '0' }]
  }
}
