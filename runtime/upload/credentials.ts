import type { Clock, Random } from '../clock.ts'

/** Leave to upload to one channel, for a while. */
export type Credentials = { token: string; url: string; expiresAtMs: number }

/** Why there are none: no plan, or the cloud could not be asked. */
export type Denied = { denied: 'plan' | 'offline' | 'refused'; message: string }

export type CredentialSource = () => Promise<Credentials | Denied>

/** Tokens are renewed when between a tenth and a fifth of their life is left, so that devices do not ask all at once. */
const EARLY_MIN_SHARE = 0.1
const EARLY_MAX_SHARE = 0.2

/**
 * The token of one channel: fetched when first needed, renewed early with jitter, thrown away when the cloud refuses it. The life of a token is
 * measured by the monotonic clock from its arrival; the device's wall clock may be wrong, and then only the first renewal is off.
 */
export class CredentialStore {
  readonly #source: CredentialSource
  readonly #clock: Clock
  readonly #random: Random
  #current: Credentials | undefined
  #renewAtMonoMs = 0
  #pending: Promise<Credentials | Denied> | undefined

  constructor(source: CredentialSource, clock: Clock, random: Random) {
    this.#source = source
    this.#clock = clock
    this.#random = random
  }

  /** The token at hand; undefined when one must be fetched first. */
  get current(): Credentials | undefined {
    return this.#clock.monoMs() < this.#renewAtMonoMs ? this.#current : undefined
  }

  /** The token at hand, or a new one. Those who ask while one is being fetched share it. */
  async get(): Promise<Credentials | Denied> {
    const { current } = this
    if (current) return current
    this.#pending ??= this.#fetch().finally(() => {
      this.#pending = undefined
    })
    return this.#pending
  }

  /** The cloud refused the token: the next `get` fetches another. */
  drop(): void {
    this.#current = undefined
  }

  async #fetch(): Promise<Credentials | Denied> {
    const fetched = await this.#source()
    if ('denied' in fetched) return fetched
    const lifeMs = Math.max(0, fetched.expiresAtMs - this.#clock.nowMs())
    const early = EARLY_MIN_SHARE + this.#random() * (EARLY_MAX_SHARE - EARLY_MIN_SHARE)
    this.#renewAtMonoMs = this.#clock.monoMs() + lifeMs * (1 - early)
    this.#current = fetched
    return fetched
  }
}
