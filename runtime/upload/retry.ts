import type { Random } from '../clock.ts'

/**
 * Waits grow from 250 ms and stay below 5 s: the buffer of a camera holds seconds, and a cloud that is back must be found before it is full. Full
 * jitter spreads even so many devices.
 */
export const BACKOFF_BASE_MS = 250
export const BACKOFF_CAP_MS = 5000
/** A server may ask for a longer wait, but not for silence. */
export const RETRY_AFTER_CAP_MS = 15 * 60_000

/** Full jitter: uniform between 0 and the exponential bound, so that many devices do not come back in step. */
export const backoffMs = (
  attempt: number,
  random: Random,
  baseMs: number = BACKOFF_BASE_MS,
  capMs: number = BACKOFF_CAP_MS,
): number => random() * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30))

/** `Retry-After`: seconds or an HTTP date. Spec: RFC 9110 10.2.3. Undefined when absent or unreadable. */
export const retryAfterMs = (header: string | undefined, nowMs: number): number | undefined => {
  if (header === undefined) return undefined
  const text = header.trim()
  const waitMs = /^\d{1,9}$/.test(text)
    ? Number(text) * 1000
    : // dates are always in GMT; Date.parse alone takes far more than dates
      (text.endsWith(' GMT') ? Date.parse(text) : Number.NaN) - nowMs
  if (!Number.isFinite(waitMs)) return undefined
  return Math.min(Math.max(waitMs, 0), RETRY_AFTER_CAP_MS)
}

/** What the answer to a slice request means for the device; docs/PROTOCOL.md section 2. */
export type Outcome =
  /** done as asked */
  | 'ok'
  /** no answer, or a server in trouble: ask where the slice ends, with backoff */
  | 'retry'
  /** the server named a time */
  | 'later'
  /** the store is full: retry with backoff, the service is reported wrong once */
  | 'full'
  /** 5xx of the store itself: as retry, and the service is reported wrong once */
  | 'wrong'
  /** where the slice ends is not where we think */
  | 'offset'
  /** the bytes were damaged on their way: the same again */
  | 'checksum'
  /** token missing, wrong or expired */
  | 'token'
  /** token is for another device or channel */
  | 'forbidden'
  /** no plan that permits this */
  | 'plan'
  /** the cloud does not know the slice */
  | 'unknown'
  /** recordings of the device were destroyed */
  | 'gone'
  /** too many bytes at once */
  | 'smaller'
  /** the slice cannot be accepted as it is */
  | 'reject'
  /** what we speak is not what the server speaks: reported once, tried again rarely */
  | 'config'

const OUTCOMES: Record<number, Outcome> = {
  200: 'ok',
  201: 'ok',
  204: 'ok',
  400: 'reject',
  401: 'token',
  402: 'plan',
  403: 'forbidden',
  404: 'unknown',
  408: 'retry',
  409: 'offset',
  410: 'gone',
  412: 'config',
  413: 'smaller',
  415: 'config',
  425: 'retry',
  429: 'later',
  460: 'checksum',
  503: 'later',
  507: 'full',
}

/**
 * Class of an answer. `isTus` tells that it carries `Tus-Resumable` where a success must: a captive portal answers 200 with a page of its
 * own, and redirects, to whatever it is asked.
 */
export const outcomeOf = (status: number, isTus: boolean): Outcome => {
  const known = OUTCOMES[status]
  if (known === 'ok') return isTus ? 'ok' : 'retry'
  if (known !== undefined) return known
  if (status >= 500) return 'wrong'
  // redirects are never followed: the token would go where they lead
  if (status >= 300 && status < 400) return 'retry'
  return status >= 400 ? 'reject' : 'retry'
}
