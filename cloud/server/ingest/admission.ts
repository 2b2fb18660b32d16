import { ApiError } from '../errors.ts'

/** Appends that wait for the store at a time, and their bytes: what is beyond would only wait in memory. */
const APPENDS_WAITING_MAX = 4096
const BYTES_WAITING_MAX = 256 * 1024 * 1024
const RETRY_AFTER_S = 2

export type AdmissionLimits = { appends?: number; bytes?: number }

/** Lets in as many appends as the store keeps up with; the others are asked to come later. */
export class Admission {
  #appends = 0
  #bytes = 0
  readonly #appendsMax: number
  readonly #bytesMax: number

  constructor({ appends = APPENDS_WAITING_MAX, bytes = BYTES_WAITING_MAX }: AdmissionLimits = {}) {
    this.#appendsMax = appends
    this.#bytesMax = bytes
  }

  get waiting(): { appends: number; bytes: number } {
    return { appends: this.#appends, bytes: this.#bytes }
  }

  /** Throws 429 when too many wait: better before a body has been read than after. */
  check(bytes = 0): void {
    // one alone is let in whatever its size
    if (this.#appends === 0) return
    if (this.#appends < this.#appendsMax && this.#bytes + bytes <= this.#bytesMax) return
    throw new ApiError(429, 'too_many_requests', 'too many appends wait for the store', {
      'Retry-After': String(RETRY_AFTER_S),
    })
  }

  /** @returns what to call when the append is done, however it went */
  enter(bytes: number): () => void {
    this.check(bytes)
    this.#appends++
    this.#bytes += bytes
    let isInside = true
    return () => {
      if (!isInside) return
      isInside = false
      this.#appends--
      this.#bytes -= bytes
    }
  }
}
