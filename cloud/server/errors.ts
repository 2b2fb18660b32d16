/** Machine-readable half of an error answer; the message is for people and says what to do. */
export type ErrorCode =
  | 'bad_request'
  | 'checksum_mismatch'
  | 'conflict'
  | 'destroyed'
  | 'forbidden'
  | 'gone'
  | 'internal'
  | 'link_expired'
  | 'mixed_formats'
  | 'no_plan'
  | 'not_found'
  | 'owner_key_needed'
  | 'pinned'
  | 'plan_limit'
  | 'range_not_satisfiable'
  | 'storage_full'
  | 'too_large'
  | 'too_many_requests'
  | 'unauthorized'
  | 'unavailable'
  | 'unsupported_type'
  | 'unsupported_version'

/** Statuses that the server answers with on purpose. 460 is tus's own: the checksum does not fit. */
export type ErrorStatus =
  | 400
  | 401
  | 402
  | 403
  | 404
  | 409
  | 410
  | 412
  | 413
  | 415
  | 416
  | 429
  | 460
  | 500
  | 503
  | 507

/** An answer that is an error: `{error: {code, message}}` with this status and these headers. */
export class ApiError extends Error {
  constructor(
    readonly status: ErrorStatus,
    readonly code: ErrorCode,
    message: string,
    readonly headers: Record<string, string> = {},
  ) {
    super(message)
    this.name = 'ApiError'
  }
}

export const badRequest = (message: string) => new ApiError(400, 'bad_request', message)
export const unauthorized = (message: string) =>
  new ApiError(401, 'unauthorized', message, { 'WWW-Authenticate': 'Bearer' })
export const forbidden = (message: string) => new ApiError(403, 'forbidden', message)
export const notFound = (message: string) => new ApiError(404, 'not_found', message)

export const tooManyRequests = (message: string, retryAfterS: number) =>
  new ApiError(429, 'too_many_requests', message, { 'Retry-After': String(retryAfterS) })
