import { randomBytes } from 'node:crypto'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'
import mqttPacket from 'mqtt-packet'
import type { Clock, Random, Timer } from '../clock.ts'
import type { MqttLogin } from '../identity.ts'
import { errorText, type Logger } from '../log.ts'
import { backoffMs } from '../upload/retry.ts'
import type { DownMessage, UpMessage } from './messages.ts'
import { MESSAGE_MAX_BYTES, parseMessage } from './parse.ts'
import { downFilter, parseTopic, type TopicKind, topic } from './topics.ts'

/** A question that is not answered is asked again after this long, with the same token. */
export const ASK_AGAIN_MS = 2000
const CONNECT_TIMEOUT_MS = 10_000
const RECONNECT_BASE_MS = 500
const RECONNECT_CAP_MS = 30_000

/** By default the first packet makes a buffer of each of the 65536 packet ids: 10 MB and 100 ms, for ids of which a device uses a few. */
mqttPacket.writeToStream.cacheNumbers = false

export type SessionOptions = {
  url: string
  productId: string
  deviceName: string
  /** called for each connection: user names of `hmac` carry a time and a connection id */
  login(): MqttLogin
  keepAliveMs: number
  ca?: string | undefined
  clock: Clock
  random: Random
  log: Logger
  onOnline(): void
  onOffline(reason: string): void
  /** what the cloud sends unasked */
  onMessage(message: DownMessage): void
}

export type Reply = Extract<DownMessage, { code: number }>
type Question = {
  kind: TopicKind
  text: string
  replyMethod: string
  done(reply: Reply | undefined): void
  again: Timer | undefined
  deadline: Timer
}

/** A question without its token, which the session chooses. */
export type Ask = {
  [Message in UpMessage as Message['method']]: Omit<Message, 'clientToken'>
}[UpMessage['method']]

/**
 * The device's MQTT connection: connects again with full-jitter backoff for as long as it is not stopped, subscribes anew each time,
 * and pairs questions with answers by client token. A question asked while offline waits for the connection, up to its time-out.
 */
export class Session {
  readonly #options: SessionOptions
  readonly #questions = new Map<string, Question>()
  #client: MqttClient | undefined
  #timer: Timer | undefined
  #attempt = 0
  #online = false
  #stopped = true
  #lastError = ''

  constructor(options: SessionOptions) {
    this.#options = options
  }

  get online(): boolean {
    return this.#online
  }

  /** Why the last connection ended or did not come about. */
  get lastError(): string {
    return this.#lastError
  }

  start(): void {
    this.#stopped = false
    this.#connect()
  }

  /** Ends the connection; questions that wait end without an answer. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    for (const token of [...this.#questions.keys()]) this.#settle(token, undefined)
    const client = this.#client
    this.#client = undefined
    this.#online = false
    if (client) await closed(client)
  }

  /** Sends a message that expects no answer; false when offline. */
  tell(kind: TopicKind, message: Ask, clientToken: string = newToken()): boolean {
    if (!this.#online) return false
    this.#publish(kind, JSON.stringify({ ...message, clientToken }))
    return true
  }

  /** Asks and waits: the answer, or undefined when there was none in time. */
  ask(kind: TopicKind, message: Ask, timeoutMs: number): Promise<Reply | undefined> {
    if (this.#stopped) return Promise.resolve(undefined)
    const clientToken = newToken()
    return new Promise((done) => {
      this.#questions.set(clientToken, {
        kind,
        text: JSON.stringify({ ...message, clientToken }),
        replyMethod: `${message.method}_reply`,
        done,
        again: undefined,
        deadline: this.#options.clock.after(timeoutMs, () => this.#settle(clientToken, undefined)),
      })
      this.#pose(clientToken)
    })
  }

  #pose(clientToken: string): void {
    const question = this.#questions.get(clientToken)
    if (!question || !this.#online) return
    question.again?.cancel()
    question.again = this.#options.clock.after(ASK_AGAIN_MS, () => this.#pose(clientToken))
    this.#publish(question.kind, question.text)
  }

  #settle(clientToken: string, reply: Reply | undefined): void {
    const question = this.#questions.get(clientToken)
    if (!question) return
    this.#questions.delete(clientToken)
    question.again?.cancel()
    question.deadline.cancel()
    question.done(reply)
  }

  #publish(kind: TopicKind, text: string): void {
    const { productId, deviceName } = this.#options
    // what QoS 1 has not delivered when the connection breaks is asked again by the layers above
    this.#client?.publish(topic('up', kind, productId, deviceName), text, { qos: 1 }, () => {})
  }

  #connect(): void {
    const { url, productId, deviceName, keepAliveMs, ca, log } = this.#options
    const options: IClientOptions = {
      ...this.#options.login(),
      clean: true,
      reconnectPeriod: 0,
      connectTimeout: CONNECT_TIMEOUT_MS,
      keepalive: Math.ceil(keepAliveMs / 1000),
      protocolVersion: 4,
      resubscribe: false,
      ...(ca === undefined ? {} : { ca }),
    }
    const client = mqtt.connect(url, options)
    this.#client = client
    client.on('error', (error: Error & { code?: unknown }) => {
      this.#lastError =
        error.code === 4 || error.code === 5
          ? `the broker refused the login of ${productId}/${deviceName}: check device name and secret, and that the device is registered`
          : `${url}: ${errorText(error)}`
    })
    client.on('connect', () => {
      client.subscribe(downFilter(productId, deviceName), { qos: 1 }, (error, granted) => {
        if (this.#client !== client) return
        if (error || granted?.some((grant) => grant.qos > 2)) {
          this.#lastError = 'the broker refused the subscription to the own topics'
          client.end(true)
        } else this.#connected()
      })
    })
    client.on('message', (name, payload) => {
      if (this.#client === client) this.#received(name, payload)
    })
    client.on('close', () => {
      if (this.#client !== client) return
      this.#client = undefined
      client.end(true)
      log.debug(`mqtt closed${this.#lastError ? `: ${this.#lastError}` : ''}`)
      this.#lost()
    })
  }

  #connected(): void {
    this.#online = true
    this.#attempt = 0
    this.#lastError = ''
    this.#options.onOnline()
    for (const token of this.#questions.keys()) this.#pose(token)
  }

  #lost(): void {
    const wasOnline = this.#online
    this.#online = false
    if (this.#stopped) return
    const reason = this.#lastError || 'connection lost'
    if (wasOnline || this.#attempt === 0) {
      this.#options.log.warn(`offline: ${reason}`)
      this.#options.onOffline(reason)
    }
    const waitMs = backoffMs(
      this.#attempt++,
      this.#options.random,
      RECONNECT_BASE_MS,
      RECONNECT_CAP_MS,
    )
    this.#timer = this.#options.clock.after(waitMs, () => this.#connect())
  }

  #received(name: string, payload: Uint8Array): void {
    const parsed = parseTopic(name)
    if (parsed?.direction !== 'down' || payload.length > MESSAGE_MAX_BYTES) return
    const message = parseMessage(new TextDecoder().decode(payload))
    if (!message) {
      this.#options.log.warn(`message on ${name} is not one of the contract; ignored`)
      return
    }
    const question = this.#questions.get(message.clientToken)
    if (question && question.replyMethod === message.method && 'code' in message)
      this.#settle(message.clientToken, message)
    else if (!('code' in message)) this.#options.onMessage(message)
  }
}

const newToken = (): string => randomBytes(9).toString('base64url')

/** Says goodbye when connected, cuts the line otherwise; does not wait for a broker that is gone. */
const closed = (client: MqttClient): Promise<void> =>
  new Promise((resolve) => {
    if (!client.connected) {
      client.end(true, {}, () => resolve())
      return
    }
    const cut = setTimeout(() => client.end(true, {}, () => resolve()), 500)
    client.end(false, {}, () => {
      clearTimeout(cut)
      resolve()
    })
  })
