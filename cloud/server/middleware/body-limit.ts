import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { ApiError } from '../errors.ts'

/** JSON of people and pages is small. */
const JSON_MAX_BYTES = 64 * 1024

/**
 * Refuses bodies that are longer than any of this API, and packed ones: what unpacks to gigabytes is a few kilobytes on
 * the wire.
 */
export const jsonLimit = (maxBytes = JSON_MAX_BYTES): MiddlewareHandler => {
  const limit = bodyLimit({
    maxSize: maxBytes,
    onError: () => {
      throw new ApiError(413, 'too_large', `the body has at most ${maxBytes} bytes`)
    },
  })
  return async (c, next) => {
    const encoding = c.req.header('Content-Encoding')
    if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
      throw new ApiError(415, 'unsupported_type', 'packed bodies are not taken')
    return limit(c, next)
  }
}
