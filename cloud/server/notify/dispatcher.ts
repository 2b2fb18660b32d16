import { errorText, type Logger } from '../log.ts'
import type { Deliveries, Delivery } from './deliveries.ts'
import { ForbiddenAddressError } from './guarded-request.ts'
import type { Hook, HookKind, Hooks } from './hooks.ts'
import { type Message, messageSchema } from './message.ts'
import { FinalError, type Send } from './senders.ts'

/** Waits between attempts: eight of them over nine hours, then it is given up. */
const RETRY_MS = [5000, 30_000, 120_000, 600_000, 1_800_000, 7_200_000, 21_600_000]
/** Hooks that were told of at the same moment would be tried at the same moment for good. */
const JITTER = 0.2
const BATCH = 16
const TICK_MS = 1000
const FORGET_EVERY_TICKS = 600
const STOP_MS = 3000

export type DispatcherParts = {
  hooks: Hooks
  deliveries: Deliveries
  senders: Record<HookKind, Send>
  /** adds what is made for each attempt: links that expire */
  prepare(hook: Hook, message: Message): Promise<Message>
  log: Logger
  now: () => number
  retryMs?: readonly number[] | undefined
}

/** Works off the queue: takes what is due, sends it, and puts back what failed. */
export class Dispatcher {
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined
  #ticks = 0
  #isStopped = false

  constructor(private readonly parts: DispatcherParts) {}

  start(): void {
    this.#timer = setInterval(() => void this.run(), TICK_MS)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearInterval(this.#timer)
    // who does not answer does not hold up the end: what was being sent is sent again when its lease is over
    let timer: NodeJS.Timeout | undefined
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, STOP_MS)
    })
    await Promise.race([this.#running, enough])
    clearTimeout(timer)
  }

  /** Until nothing is due; a second call joins the one that runs. */
  run(): Promise<void> {
    this.#running ??= this.#round()
      .catch((error) =>
        this.parts.log.error('deliveries not worked off', { reason: errorText(error) }),
      )
      .finally(() => {
        this.#running = undefined
      })
    return this.#running
  }

  async #round(): Promise<void> {
    if (this.#ticks++ % FORGET_EVERY_TICKS === 0) await this.parts.deliveries.forgetOld()
    while (!this.#isStopped) {
      const due = await this.parts.deliveries.take(BATCH)
      await Promise.all(due.map((delivery) => this.#deliver(delivery)))
      if (due.length < BATCH) return
    }
  }

  async #deliver(delivery: Delivery): Promise<void> {
    const { hooks, deliveries, senders, prepare, log } = this.parts
    const hook = await hooks.get(delivery.hookId)
    if (!hook) return
    const about = { hook: hook.name, kind: hook.kind, delivery: delivery.id }
    try {
      const message = messageSchema.parse(JSON.parse(delivery.payload))
      await senders[hook.kind](hook, delivery, await prepare(hook, message))
      await deliveries.done(delivery.id)
      log.debug('delivered', about)
    } catch (error) {
      const reason = errorText(error)
      const isFinal = error instanceof FinalError || error instanceof ForbiddenAddressError
      const againMs = isFinal ? undefined : this.#nextMs(delivery.attempts)
      if (againMs === undefined) log.warn('delivery given up', { ...about, reason })
      else log.info('delivery failed, tried again later', { ...about, reason })
      await deliveries.failed(delivery.id, reason, againMs)
      if (error instanceof FinalError && error.isGone)
        await hooks.change(hook.id, { enabled: false })
    }
  }

  /** When an attempt is repeated; undefined once there were enough. */
  #nextMs(attempts: number): number | undefined {
    const waitMs = (this.parts.retryMs ?? RETRY_MS)[attempts - 1]
    if (waitMs === undefined) return undefined
    return this.parts.now() + Math.round(waitMs * (1 + (Math.random() - 0.5) * JITTER))
  }
}
