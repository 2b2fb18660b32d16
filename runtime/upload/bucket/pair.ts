import type { Clock, Random } from '../../clock.ts'
import type { ObjectMeta } from '../../mqtt/bucket-layout.ts'
import type { HttpTimeouts } from '../http.ts'
import { BucketClient, type BucketLook, type BucketPut } from './client.ts'
import type { CheckedBucketUplink } from './options.ts'
import type { BucketAnswer } from './s3-answer.ts'

/** While the fallback is used the first bucket is tried again this often. */
const PROBE_MS = 30_000

export type PairAnswer = BucketAnswer & { bucket: 0 | 1 }

export type PairLook = { bytes: number; meta: ObjectMeta; bucket: 0 | 1 } | 'none' | 'no answer'

export type PutClient = {
  put(put: BucketPut, times: HttpTimeouts): Promise<BucketAnswer>
  look(key: string, times: HttpTimeouts): Promise<BucketLook>
  close(): void
  readonly clockOffsetMs: number
}

export type PairOptions = {
  uplink: CheckedBucketUplink
  channel: number
  clock: Clock
  random: Random
  /** in place of the network, for tests */
  clients?: readonly PutClient[]
  onSwitch(toFallback: boolean, reason: string): void
}

/** The bucket, and the one that takes over while it fails or is misconfigured. It goes back by itself. */
export class BucketPair {
  readonly #clock: Clock
  readonly #clients: readonly PutClient[]
  readonly #afterMs: number
  readonly #onSwitch: PairOptions['onSwitch']
  #failingSinceMs: number | undefined
  #probeAtMs = 0
  onFallback = false

  constructor({ uplink, channel, clock, random, clients, onSwitch }: PairOptions) {
    this.#clock = clock
    this.#afterMs = uplink.fallbackAfterMs
    this.#onSwitch = onSwitch
    const buckets = uplink.fallback ? [uplink, uplink.fallback] : [uplink]
    this.#clients =
      clients ?? buckets.map((bucket) => new BucketClient({ bucket, channel, clock, random }))
  }

  get clockOffsetMs(): number {
    return this.#clients[this.onFallback ? 1 : 0]!.clockOffsetMs
  }

  close(): void {
    for (const client of this.#clients) client.close()
  }

  async put(put: BucketPut, times: HttpTimeouts): Promise<PairAnswer> {
    const bucket = this.onFallback && this.#clock.monoMs() < this.#probeAtMs ? 1 : 0
    const answer = await this.#clients[bucket]!.put(put, times)
    if (bucket === 1) return { ...answer, bucket }
    if (answer.outcome === 'ok') {
      this.#failingSinceMs = undefined
      if (this.onFallback) this.#switch(false, 'the first bucket works again')
      return { ...answer, bucket }
    }
    // once there is another, no failure of this one is a reason to wait
    return this.#failed(answer)
      ? { ...answer, outcome: 'retry', waitMs: 0, bucket }
      : { ...answer, bucket }
  }

  /** What there is under a key, in whichever bucket. */
  async look(key: string, times: HttpTimeouts): Promise<PairLook> {
    let isCertain = true
    for (const bucket of [0, 1] as const) {
      const found = await this.#clients[bucket]?.look(key, times)
      if (typeof found === 'object') return { ...found, bucket }
      if (found === 'no answer') isCertain = false
    }
    return isCertain ? 'none' : 'no answer'
  }

  /** Whether the fallback is next. */
  #failed(answer: BucketAnswer): boolean {
    if (this.#clients.length < 2) return false
    const nowMs = this.#clock.monoMs()
    this.#failingSinceMs ??= nowMs
    const isOver =
      this.onFallback ||
      answer.outcome === 'config' ||
      nowMs - this.#failingSinceMs >= this.#afterMs
    if (!isOver) return false
    this.#probeAtMs = nowMs + PROBE_MS
    if (!this.onFallback) this.#switch(true, answer.message)
    return true
  }

  #switch(toFallback: boolean, reason: string): void {
    this.onFallback = toFallback
    this.#onSwitch(toFallback, reason)
  }
}
