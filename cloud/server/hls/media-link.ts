import type { Context, MiddlewareHandler } from 'hono'
import { ApiError } from '../errors.ts'
import { requireViewer } from '../middleware/auth.ts'
import type { Services } from '../services.ts'
import { type Share, shareOrGone } from '../share/share.ts'
import { deviceKey } from '../slice.ts'
import type { Device } from '../store/index/types.ts'

const PURPOSE = 'media'
/** Links hold for one to two of these, unless the options say otherwise. */
export const DEFAULT_LINK_MS = 3_600_000

type Target = { device: string; channel: number; share: string; expiresMs: number }

const signed = ({ device, channel, share, expiresMs }: Target): string =>
  `${device}/${channel}/${share}/${expiresMs}`

/**
 * Query that lets its holder read the media of a channel for a while, or what of it a share covers. A playlist that is fetched again
 * has fresh ones, so a player that was paused for long fetches it again and goes on. The end lies on whole hours (of
 * `linkMs`), so that such a playlist has the same addresses for a while and what was fetched by them is found in the
 * browser's cache.
 */
export const mediaQuery = (
  { signer, now, linkMs }: Pick<Services, 'signer' | 'now' | 'linkMs'>,
  device: Pick<Device, 'productId' | 'deviceName'>,
  channel: number,
  share = '',
): string => {
  const expiresMs = (Math.ceil(now() / linkMs) + 1) * linkMs
  const target = { device: deviceKey(device), channel, share, expiresMs }
  const query = new URLSearchParams({ e: expiresMs.toString(36) })
  if (share !== '') query.set('s', share)
  query.set('m', signer.tag(PURPOSE, signed(target)))
  return `?${query}`
}

/** The share by which media are read, if it is one. */
export const mediaShare = (c: Context): Share | undefined => c.get('share') as Share | undefined

/** Lets in who has a signed link, and else who may look. */
export const requireMedia = (services: Services): MiddlewareHandler => {
  const viewer = requireViewer(services)
  return async (c, next) => {
    const mac = c.req.query('m')
    if (mac === undefined) return viewer(c, next)
    const [, , productId, deviceName, channel] = c.req.path.split('/')
    const expiresMs = Number.parseInt(c.req.query('e') ?? '', 36)
    const share = c.req.query('s') ?? ''
    const target = {
      device: `${productId}/${deviceName}`,
      channel: Number(channel),
      share,
      expiresMs,
    }
    if (!services.signer.checkTag(PURPOSE, signed(target), mac))
      throw new ApiError(403, 'forbidden', 'the link is not one that was signed here')
    if (share !== '') c.set('share', await shareOrGone(services, share))
    if (expiresMs <= services.now())
      throw new ApiError(403, 'link_expired', 'the link has expired; fetch the playlist again')
    await next()
  }
}
