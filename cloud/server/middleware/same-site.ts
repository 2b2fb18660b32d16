import type { Context } from 'hono'
import { forbidden } from '../errors.ts'

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Refuses changes that another site makes in the name of somebody who is logged in here. The cookie is SameSite=Strict; this holds
 * in browsers that do not know it, and for a neighbour on the same domain. Browsers always send `Sec-Fetch-Site` or `Origin` with a
 * change; what sends neither is no page, and should use a token.
 */
export const checkSameOrigin = (c: Context, publicUrl: string): void => {
  if (SAFE.has(c.req.method)) return
  const site = c.req.header('Sec-Fetch-Site')
  const origin = c.req.header('Origin')
  const own = [new URL(publicUrl).origin, new URL(c.req.url).origin]
  const fits = origin === undefined ? site === 'same-origin' : own.includes(origin)
  if (fits && (site === undefined || site === 'same-origin')) return
  throw forbidden('this request comes from another site; a program uses "Authorization: Bearer"')
}
