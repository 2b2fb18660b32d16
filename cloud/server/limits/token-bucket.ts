/** Keys that are remembered; beyond that the one that has been quiet longest is forgotten. */
const KEYS_MAX = 10_000

type Bucket = { tokens: number; atMs: number }

/** Token buckets by key: `burst` at once, `perSecond` on average. */
export class TokenBuckets {
  readonly #buckets = new Map<string, Bucket>()

  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
    private readonly now: () => number,
  ) {}

  /** 0 when one was taken, else the seconds until there is one again. */
  take(key: string): number {
    const bucket = this.#refilled(key)
    if (bucket.tokens < 1) return Math.ceil((1 - bucket.tokens) / this.perSecond)
    bucket.tokens--
    return 0
  }

  /** Gives one back: what was taken turned out not to count. */
  giveBack(key: string): void {
    const bucket = this.#buckets.get(key)
    if (bucket) bucket.tokens = Math.min(this.burst, bucket.tokens + 1)
  }

  #refilled(key: string): Bucket {
    const nowMs = this.now()
    const known = this.#buckets.get(key)
    const bucket = known ?? { tokens: this.burst, atMs: nowMs }
    const sinceS = Math.max(0, nowMs - bucket.atMs) / 1000
    bucket.tokens = Math.min(this.burst, bucket.tokens + sinceS * this.perSecond)
    bucket.atMs = nowMs
    // the order of the map is the order of use
    this.#buckets.delete(key)
    if (this.#buckets.size >= KEYS_MAX) this.#buckets.delete(this.#buckets.keys().next().value!)
    this.#buckets.set(key, bucket)
    return bucket
  }
}
