import type { MiddlewareHandler } from 'hono'
import { tooManyRequests } from '../errors.ts'
import { addressKey, clientAddress } from '../limits/client-address.ts'
import type { Limits } from '../limits/limits.ts'

/** Holds each address to so many requests: 429 with Retry-After beyond. */
export const rateLimit =
  (limits: Limits): MiddlewareHandler =>
  async (c, next) => {
    const waitS = limits.api.take(addressKey(clientAddress(c, limits.proxies)))
    if (waitS > 0) throw tooManyRequests('too many requests; wait a moment', waitS)
    await next()
  }
