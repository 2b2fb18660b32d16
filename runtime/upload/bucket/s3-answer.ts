import type { HttpResponse } from '../http.ts'
import { retryAfterMs } from '../retry.ts'

/** What an answer of a store means for the device; docs/PROTOCOL.md section 7. */
export type BucketOutcome =
  | 'ok'
  /** no answer */
  | 'retry'
  /** the store asks for a pause, or is in trouble */
  | 'later'
  | 'wrong'
  /** the device's clock is too far from the store's */
  | 'skew'
  /** keys are missing, wrong or expired */
  | 'credentials'
  /** the bytes were damaged on their way */
  | 'checksum'
  /** nothing but another configuration mends it: reported once */
  | 'config'

export type BucketAnswer = {
  outcome: BucketOutcome
  status: number
  message: string
  /** how long the store asked to wait */
  waitMs?: number | undefined
  /** what the store's clock says */
  serverMs?: number | undefined
}

/** Error codes that mean more than their status. Spec: S3 API reference, "List of error codes". */
const CODES: Record<string, BucketOutcome> = {
  RequestTimeTooSkewed: 'skew',
  RequestExpired: 'skew',
  ExpiredToken: 'credentials',
  TokenRefreshRequired: 'credentials',
  InvalidToken: 'credentials',
  InvalidAccessKeyId: 'credentials',
  SignatureDoesNotMatch: 'credentials',
  AccessDenied: 'credentials',
  BadDigest: 'checksum',
  XAmzContentSHA256Mismatch: 'checksum',
  IncompleteBody: 'retry',
  RequestTimeout: 'retry',
  SlowDown: 'later',
  Throttling: 'later',
  ServiceUnavailable: 'later',
  OperationAborted: 'later',
  NoSuchBucket: 'config',
  InvalidBucketName: 'config',
  InvalidStorageClass: 'config',
  EntityTooLarge: 'config',
  PermanentRedirect: 'config',
  AuthorizationHeaderMalformed: 'config',
  MethodNotAllowed: 'config',
}

const element = (xml: string, name: string): string | undefined =>
  new RegExp(`<${name}>([^<]{1,200})</${name}>`).exec(xml)?.[1]

const outcomeOf = (status: number, code: string | undefined): BucketOutcome => {
  const known = code === undefined ? undefined : CODES[code]
  if (known !== undefined) return known
  if (status === 200) return 'ok'
  if (status === 401 || status === 403) return 'credentials'
  if (status === 408 || status === 425) return 'retry'
  if (status === 429 || status === 503) return 'later'
  if (status >= 500) return 'wrong'
  // a redirect is a region or a portal; it is never followed
  return status >= 400 || status === 301 || status === 307 ? 'config' : 'retry'
}

/** Class of an answer to a PUT. A store says what is wrong in XML; a portal answers 200 with a page of its own. */
export const bucketAnswer = (response: HttpResponse, nowMs: number): BucketAnswer => {
  const { status, headers, body } = response
  const text = body.length === 0 ? '' : new TextDecoder().decode(body)
  const code = status === 200 ? undefined : element(text, 'Code')
  const date = headers.get('date')
  const serverMs = Date.parse(element(text, 'ServerTime') ?? date ?? '')
  // a 200 that carries no ETag is not from a store
  const outcome =
    status === 200 && headers.get('etag') === undefined ? 'retry' : outcomeOf(status, code)
  const said = [code, element(text, 'Message')].filter((part) => part !== undefined).join(': ')
  return {
    outcome,
    status,
    message:
      outcome === 'ok'
        ? ''
        : status === 200
          ? 'answer of something that is not an S3 store (a portal?)'
          : `${status} ${said || text.slice(0, 120).trim()}`,
    waitMs: retryAfterMs(headers.get('retry-after'), nowMs),
    ...(Number.isFinite(serverMs) ? { serverMs } : {}),
  }
}
