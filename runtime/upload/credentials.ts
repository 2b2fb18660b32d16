import type { Clock, Random } from '../clock.ts'
import { errorText } from '../log.ts'

/** What every credential has in common: it ends. */
export type Expiring = {
  /** UTC; `NEVER_EXPIRES` when it does not end */
  expiresAtMs: number
}

export const NEVER_EXPIRES = Number.POSITIVE_INFINITY

/** Leave to upload to one channel of the cloud, for a while: the bearer token, and where slices are created. */
export type Credentials = Expiring & { token: string; url: string }

/** Why there are none: no plan, the one who gives them could not be asked, or refuses. */
export type Denied = { denied: 'plan' | 'offline' | 'refused'; message: string }

/** Why it is asked: there is none yet, the one at hand ends soon, or it was refused (401, 403). */
export type CredentialReason = 'first' | 'early' | 'refused'

/**
 * Where credentials come from. The cloud's own are fetched over MQTT (`System.credentials`); an app may give others: keys of a bucket, presigned
 * URLs, tokens that another chip has fetched. It is asked again whenever `CredentialReason` says so, never twice at the same time for one store.
 */
export type CredentialProvider<Kind extends Expiring = Credentials> = (
  channel: number,
  reason: CredentialReason,
) => Promise<Kind | Denied>

/** Credentials that do not change: keys of a bucket in a configuration file. */
export const staticCredentials =
  <Kind extends Expiring>(credentials: Kind): CredentialProvider<Kind> =>
  () =>
    Promise.resolve(credentials)

/** Renewed when between a tenth and a fifth of their life is left, so that devices do not ask all at once. */
const EARLY_MIN_SHARE = 0.1
const EARLY_MAX_SHARE = 0.2
/** One that has just come is good, even if it ended long ago by the device's wall clock. */
const LIFE_OVER_MS = 10_000
/** With a wall clock of 1970 a token of an hour would seem to last for decades. */
const LIFE_MAX_MS = 24 * 3600_000
/** An early renewal that failed is tried again after this long; the credentials at hand are used meanwhile. */
const EARLY_AGAIN_MS = 2000

/**
 * The credentials of one channel: fetched when first needed, renewed early with jitter and without a pause, thrown away when they are refused. Their
 * life is measured by the monotonic clock from their arrival; the device's wall clock may be wrong, and then only one renewal is off.
 */
export class CredentialStore<Kind extends Expiring = Credentials> {
  readonly #channel: number
  readonly #provider: CredentialProvider<Kind>
  readonly #clock: Clock
  readonly #random: Random
  #current: Kind | undefined
  #renewAtMonoMs = 0
  #endsAtMonoMs = 0
  #refused = false
  #pending: Promise<Kind | Denied> | undefined
  /** times that the provider was asked */
  fetches = 0

  constructor(channel: number, provider: CredentialProvider<Kind>, clock: Clock, random: Random) {
    this.#channel = channel
    this.#provider = provider
    this.#clock = clock
    this.#random = random
  }

  /** Those at hand, while they are good; undefined when some must be fetched first. */
  get current(): Kind | undefined {
    return this.#clock.monoMs() < this.#endsAtMonoMs ? this.#current : undefined
  }

  /** The same, for who is about to use them: starts to renew them when they end soon. */
  use(): Kind | undefined {
    const { current } = this
    if (current && !this.#pending && this.#clock.monoMs() >= this.#renewAtMonoMs)
      void this.#ask('early')
    return current
  }

  /** Those at hand, or new ones. Those who ask while they are being fetched share them. */
  async get(): Promise<Kind | Denied> {
    return this.use() ?? this.#ask(this.#refused ? 'refused' : 'first')
  }

  /** They were refused, or are void: the next `get` fetches others. What was renewed since `used` was taken stays. */
  drop(used: Kind | undefined = this.#current): void {
    if (used !== this.#current) return
    this.#current = undefined
    this.#refused = true
  }

  #ask(reason: CredentialReason): Promise<Kind | Denied> {
    this.#pending ??= this.#fetch(reason).finally(() => {
      this.#pending = undefined
    })
    return this.#pending
  }

  async #fetch(reason: CredentialReason): Promise<Kind | Denied> {
    this.fetches++
    const fetched = await this.#provide(reason)
    const monoMs = this.#clock.monoMs()
    if ('denied' in fetched) {
      this.#renewAtMonoMs = monoMs + EARLY_AGAIN_MS
      return fetched
    }
    const lifeMs = this.#lifeMs(fetched.expiresAtMs)
    const early = EARLY_MIN_SHARE + this.#random() * (EARLY_MAX_SHARE - EARLY_MIN_SHARE)
    this.#renewAtMonoMs = monoMs + lifeMs * (1 - early)
    this.#endsAtMonoMs = monoMs + lifeMs
    this.#current = fetched
    this.#refused = false
    return fetched
  }

  #lifeMs(expiresAtMs: number): number {
    if (expiresAtMs === NEVER_EXPIRES) return NEVER_EXPIRES
    const leftMs = expiresAtMs - this.#clock.nowMs()
    return leftMs > 0 ? Math.min(leftMs, LIFE_MAX_MS) : LIFE_OVER_MS
  }

  /** An app's provider may throw; that is one more way of having none. */
  async #provide(reason: CredentialReason): Promise<Kind | Denied> {
    try {
      return await this.#provider(this.#channel, reason)
    } catch (error) {
      return { denied: 'offline', message: `the credential provider threw: ${errorText(error)}` }
    }
  }
}
