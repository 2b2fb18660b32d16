import { lookup } from 'node:dns/promises'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { BlockList, isIP } from 'node:net'

const TIMEOUT_MS = 10_000
/** Of an answer nobody needs more than its status and a few words. */
const ANSWER_MAX_BYTES = 4096

/** Addresses that are not the internet: this machine, its network, the cloud provider's. Spec: IANA special-purpose registries. */
const blocked = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  blocked.addSubnet(network, prefix, 'ipv4')
/** Of IPv6 only 2000::/3 is given out. */
const global = new BlockList()
global.addSubnet('2000::', 3, 'ipv6')
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
] as const)
  blocked.addSubnet(network, prefix, 'ipv6')

export const isPublicAddress = (address: string): boolean => {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  const plain = mapped ?? address
  if (isIP(plain) === 4) return !blocked.check(plain, 'ipv4')
  return isIP(plain) === 6 && global.check(plain, 'ipv6') && !blocked.check(plain, 'ipv6')
}

/** The address is not one that hooks may reach. */
export class ForbiddenAddressError extends Error {}

/**
 * Where a name leads, once: the connection goes to this address, so a name that answers otherwise the second time gains
 * nothing.
 */
const resolve = async (
  host: string,
  allowPrivate: boolean,
): Promise<{ address: string; family: number }> => {
  const plain = host.replace(/^\[|\]$/g, '')
  const found = isIP(plain)
    ? [{ address: plain, family: isIP(plain) }]
    : await lookup(plain, { all: true })
  const usable = allowPrivate ? found : found.filter(({ address }) => isPublicAddress(address))
  const first = usable[0]
  if (first) return first
  throw new ForbiddenAddressError(
    `${plain} is an address inside; hooks may only reach the internet (SKYRILL_HOOKS_PRIVATE=1 allows others)`,
  )
}

export type Answer = { status: number; text: string }

/** A POST to an address that somebody has typed in. It follows no redirects: they could lead inside. */
export const guardedPost = async (
  url: string,
  {
    headers,
    body,
    allowPrivate,
  }: { headers: Record<string, string>; body: string | Buffer; allowPrivate: boolean },
): Promise<Answer> => {
  const target = new URL(url)
  if (target.protocol !== 'https:' && target.protocol !== 'http:')
    throw new ForbiddenAddressError(`${target.protocol} is no protocol for hooks`)
  const { address, family } = await resolve(target.hostname, allowPrivate)
  const isTls = target.protocol === 'https:'
  const data = typeof body === 'string' ? Buffer.from(body) : body
  return new Promise((done, reject) => {
    const request = (isTls ? requestHttps : requestHttp)({
      host: address,
      family,
      port: target.port || (isTls ? 443 : 80),
      path: `${target.pathname}${target.search}`,
      method: 'POST',
      ...(isTls && !isIP(target.hostname) && { servername: target.hostname }),
      headers: { ...headers, Host: target.host, 'Content-Length': String(data.length) },
      agent: false,
      timeout: TIMEOUT_MS,
    })
    const timer = setTimeout(() => request.destroy(new Error('no answer in time')), TIMEOUT_MS)
    request.on('timeout', () => request.destroy(new Error('no answer in time')))
    request.on('error', (error) => {
      clearTimeout(timer)
      reject(error)
    })
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      const end = () => {
        clearTimeout(timer)
        const text = Buffer.concat(chunks).toString('utf8')
        done({ status: response.statusCode ?? 0, text })
      }
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes <= ANSWER_MAX_BYTES) chunks.push(chunk)
        else {
          end()
          request.destroy()
        }
      })
      response.on('end', end)
      response.on('error', reject)
    })
    request.end(data)
  })
}
