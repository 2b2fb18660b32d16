import { isIPv6 } from 'node:net'
import type { Context } from 'hono'

type BunServer = { requestIP(request: Request): { address: string } | null }
type NodeBindings = { incoming: { socket: { remoteAddress?: string } } }

/** Who holds the other end of the connection; undefined when there is none (a test that calls the app). */
const peerAddress = (c: Context): string | undefined => {
  const env = c.env as Partial<BunServer & NodeBindings> | undefined
  if (env?.requestIP) return env.requestIP(c.req.raw)?.address
  return env?.incoming?.socket.remoteAddress
}

/**
 * The address of who asks. `X-Forwarded-For` is believed as far as proxies of ours wrote it: each adds the address that it saw at the
 * end, and what stands before those anybody may have written.
 * @param proxies how many proxies stand in front
 */
export const clientAddress = (c: Context, proxies: number): string => {
  const peer = peerAddress(c) ?? 'local'
  if (proxies === 0) return peer
  const seen = (c.req.header('X-Forwarded-For') ?? '').split(',').map((part) => part.trim())
  return seen.at(-proxies) || peer
}

/** What limits are kept by: of IPv6 the first 64 bits, which is what one customer has. */
export const addressKey = (address: string): string => {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '')
  if (!isIPv6(plain)) return plain.slice(0, 64)
  const [head = '', tail] = plain.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups =
    tail === undefined
      ? left
      : [...left, ...Array(8 - left.length - right.length).fill('0'), ...right]
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, '').toLowerCase())
    .join(':')}::/64`
}
