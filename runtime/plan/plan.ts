import type { Clock, Random, Timer } from '../clock.ts'
import type { Logger } from '../log.ts'
import type { iv_cs_balance_info_s } from '../types.ts'
import { isSame } from './rules.ts'

/** The cloud pushes changes; asking is for the message that got lost. */
export const POLL_MS = 10 * 60_000
/** Polls are spread over this share of the interval, so that devices that came up together do not ask together. */
const POLL_JITTER = 0.5

/** Asks the cloud for a channel's plan: undefined when it did not answer in time. */
export type PlanSource = (
  channel: number,
  timeoutMs: number,
) => Promise<iv_cs_balance_info_s | undefined>

export type PlanListener = (channel: number, plan: iv_cs_balance_info_s) => void

/**
 * The plans ("balance") of a device's channels: cached, updated by what the cloud pushes, polled with jitter as a fallback, asked for on each
 * connection. Usable before cloud storage is initialised.
 */
export class Plans {
  readonly #source: PlanSource
  readonly #clock: Clock
  readonly #random: Random
  readonly #log: Logger
  readonly #cache = new Map<number, iv_cs_balance_info_s>()
  readonly #asking = new Map<number, Promise<boolean>>()
  readonly #watched = new Map<number, number>()
  readonly #listeners = new Set<PlanListener>()
  #timer: Timer | undefined

  constructor(source: PlanSource, clock: Clock, random: Random, log: Logger) {
    this.#source = source
    this.#clock = clock
    this.#random = random
    this.#log = log
  }

  /** The cached plan; undefined before the cloud has said anything about the channel. */
  get(channel: number): iv_cs_balance_info_s | undefined {
    return this.#cache.get(channel)
  }

  get watched(): number[] {
    return [...this.#watched.keys()]
  }

  /** Asks the cloud; false when there was no answer in time. Callers at the same time share one question. */
  query(channel: number, timeoutMs: number): Promise<boolean> {
    const running = this.#asking.get(channel)
    if (running) return this.#orTimeout(running, timeoutMs)
    const asking = this.#source(channel, timeoutMs)
      .then((plan) => {
        if (plan) this.set(channel, plan)
        return plan !== undefined
      })
      .finally(() => this.#asking.delete(channel))
    this.#asking.set(channel, asking)
    return asking
  }

  /** The cloud has said what the plan is. */
  set(channel: number, plan: iv_cs_balance_info_s): void {
    const before = this.#cache.get(channel)
    if (before && isSame(before, plan)) return
    this.#cache.set(channel, plan)
    this.#log.info(
      `plan of channel ${channel}: switch ${plan.cs_switch}, type ${plan.cs_type}, ${plan.cs_days} days`,
    )
    for (const listener of this.#listeners) listener(channel, plan)
  }

  /** Tells of a channel's changes until the returned function is called. */
  listen(channel: number, listener: PlanListener): () => void {
    const own: PlanListener = (changed, plan) => {
      if (changed === channel) listener(changed, plan)
    }
    this.#listeners.add(own)
    return () => this.#listeners.delete(own)
  }

  /** The same, and keeps the channel's plan up to date meanwhile. */
  watch(channel: number, listener: PlanListener): () => void {
    const unlisten = this.listen(channel, listener)
    this.#watched.set(channel, (this.#watched.get(channel) ?? 0) + 1)
    void this.query(channel, POLL_MS)
    this.#poll()
    return () => {
      unlisten()
      const left = (this.#watched.get(channel) ?? 1) - 1
      if (left > 0) this.#watched.set(channel, left)
      else this.#watched.delete(channel)
      if (this.#watched.size === 0) this.stop()
    }
  }

  /** Asks about everything that is watched: on each connection, since messages may have been missed. */
  refresh(): void {
    for (const channel of this.#watched.keys()) void this.query(channel, POLL_MS)
  }

  /** No timer is left behind. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #poll(): void {
    if (this.#timer) return
    const waitMs = POLL_MS * (1 + (this.#random() - 0.5) * POLL_JITTER)
    this.#timer = this.#clock.after(waitMs, () => {
      this.#timer = undefined
      this.refresh()
      this.#poll()
    })
  }

  #orTimeout(running: Promise<boolean>, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.#clock.after(timeoutMs, () => resolve(false))
      void running.then((answered) => {
        timer.cancel()
        resolve(answered)
      })
    })
  }
}
