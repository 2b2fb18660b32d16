import { randomBytes } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { errorText, type Logger } from '../log.ts'
import type { DownMessage } from './messages.ts'
import { parseMessage } from './parse.ts'
import type { Ask, Reply } from './session.ts'
import type { TopicKind } from './topics.ts'

/**
 * Carries a message to the cloud for a chip that has no MQTT, over whatever leads to its neighbour that has: `message` is JSON of docs/PROTOCOL.md, to be
 * published under `$thing/up/{kind}/{product}/{device}`. What comes back is the message on the `down` topic with the same `clientToken`, as it
 * came; undefined when none did within `timeoutMs`. With `timeoutMs` 0 no answer is expected.
 */
export type Relay = (
  kind: TopicKind,
  message: string,
  timeoutMs: number,
) => Promise<string | undefined>

/** A question that the relay brought no answer to is given to it again after this long, with the same token. */
const ASK_AGAIN_MS = 2000

export type RelaySessionOptions = {
  relay: Relay
  clock: Clock
  log: Logger
  onOnline(): void
  onOffline(reason: string): void
  onMessage(message: DownMessage): void
}

/** The device's messages through an app's relay, in place of a connection of its own. Online is who got the last answer. */
export class RelaySession {
  readonly #options: RelaySessionOptions
  #isRunning = false
  #isOnline = false
  lastError = ''

  constructor(options: RelaySessionOptions) {
    this.#options = options
  }

  get online(): boolean {
    return this.#isOnline
  }

  /** There is no connection that could be waited for: the first question shows whether the relay works. */
  start(): void {
    this.#isRunning = true
    queueMicrotask(() => this.#is(true))
  }

  stop(): Promise<void> {
    this.#isRunning = false
    this.#isOnline = false
    return Promise.resolve()
  }

  tell(kind: TopicKind, message: Ask, clientToken = newToken()): boolean {
    if (!this.#isRunning) return false
    void this.#carry(kind, JSON.stringify({ ...message, clientToken }), 0)
    return true
  }

  async ask(kind: TopicKind, message: Ask, timeoutMs: number): Promise<Reply | undefined> {
    const { clock } = this.#options
    const clientToken = newToken()
    const text = JSON.stringify({ ...message, clientToken })
    const deadlineMs = clock.monoMs() + timeoutMs
    while (this.#isRunning) {
      const leftMs = deadlineMs - clock.monoMs()
      if (leftMs <= 0) break
      const reply = await this.#within(leftMs, this.#carry(kind, text, leftMs))
      const answer = reply === undefined ? undefined : parseMessage(reply)
      if (answer && 'code' in answer && answer.clientToken === clientToken)
        if (answer.method === `${message.method}_reply`) {
          this.#is(true)
          return answer
        }
      if (reply !== undefined) this.lastError = 'the relay brought no answer to what was asked'
      await this.#wait(Math.min(ASK_AGAIN_MS, Math.max(0, deadlineMs - clock.monoMs())))
    }
    if (this.#isRunning) {
      this.lastError ||= `the relay brought no answer within ${timeoutMs} ms`
      this.#is(false)
    }
    return undefined
  }

  /** A message that the cloud sent unasked; false when it is none. */
  receive(text: string): boolean {
    const message = parseMessage(text)
    if (!this.#isRunning || !message || 'code' in message) return false
    this.#is(true)
    this.#options.onMessage(message)
    return true
  }

  async #carry(kind: TopicKind, text: string, timeoutMs: number): Promise<string | undefined> {
    try {
      return await this.#options.relay(kind, text, timeoutMs)
    } catch (error) {
      this.lastError = `the relay threw: ${errorText(error)}`
      return undefined
    }
  }

  /** A relay that never answers must not hold a question for ever. */
  async #within<Value>(ms: number, promise: Promise<Value>): Promise<Value | undefined> {
    let end: () => void = () => {}
    const over = new Promise<undefined>((resolve) => {
      const timer = this.#options.clock.after(ms, () => resolve(undefined))
      end = () => timer.cancel()
    })
    return Promise.race([promise, over]).finally(() => end())
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#options.clock.after(ms, resolve))
  }

  #is(online: boolean): void {
    if (!this.#isRunning || online === this.#isOnline) return
    this.#isOnline = online
    if (online) {
      this.lastError = ''
      this.#options.onOnline()
      return
    }
    this.#options.log.warn(`offline: ${this.lastError}`)
    this.#options.onOffline(this.lastError)
  }
}

const newToken = (): string => randomBytes(9).toString('base64url')
