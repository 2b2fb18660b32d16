import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { ApiError } from '../errors.ts'
import { errorText, type Logger } from '../log.ts'
import { ObjectBusyError, OutdatedObjectError, StorageFullError } from '../store/objects/types.ts'
import { loggedPath, requestIdOf } from './request-log.ts'

/** Every error answer has this shape. */
export const errorBody = (code: string, message: string) => ({ error: { code, message } })

const toApiError = (error: unknown): ApiError | undefined => {
  if (error instanceof ApiError) return error
  if (error instanceof StorageFullError)
    return new ApiError(507, 'storage_full', `${error.message}; free some space`, {
      'Retry-After': '30',
    })
  if (error instanceof ObjectBusyError || error instanceof OutdatedObjectError)
    return new ApiError(503, 'unavailable', error.message, { 'Retry-After': '1' })
  if (error instanceof HTTPException && error.status === 400)
    return new ApiError(400, 'bad_request', error.message || 'the body is not valid JSON')
  if (error instanceof HTTPException && error.status === 415)
    return new ApiError(415, 'unsupported_type', 'Content-Type must be application/json')
  return undefined
}

/** Turns what a handler throws into an answer; what was not expected is logged and not told. */
export const onError =
  (log: Logger) =>
  (error: unknown, c: Context): Response => {
    const known = toApiError(error)
    if (!known)
      log.error('request failed', {
        method: c.req.method,
        path: loggedPath(c.req.path),
        requestId: requestIdOf(c),
        reason: error instanceof Error ? (error.stack ?? error.message) : errorText(error),
      })
    const { status, code, message, headers } =
      known ?? new ApiError(500, 'internal', 'something went wrong here; the log says what')
    const body = c.req.method === 'HEAD' ? null : JSON.stringify(errorBody(code, message))
    return new Response(body, {
      status,
      headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', ...headers },
    })
  }

export const onNotFound = (c: Context): Response =>
  c.json(errorBody('not_found', `there is nothing at ${c.req.path}`), 404)
