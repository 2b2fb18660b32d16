import { ApiError, notFound } from '../errors.ts'
import type { Services } from '../services.ts'
import type { Share } from '../store/index/share-store.ts'
import type { Signer } from '../tokens.ts'

export type { Share } from '../store/index/share-store.ts'

const PURPOSE = 'share'

/** A share's token: its id, signed. Nobody can guess one, and one whose row is gone is still known to be genuine. */
export const shareToken = (signer: Signer, id: string): string => `${id}.${signer.tag(PURPOSE, id)}`

const gone = (why: string) => new ApiError(410, 'gone', why)

/** A share that holds; 410 once it was revoked, has expired or its recordings were destroyed. */
export const shareOrGone = async (
  { index, now }: Pick<Services, 'index' | 'now'>,
  id: string,
): Promise<Share> => {
  const share = await index.shares.share(id)
  if (!share) throw gone('what was shared was deleted')
  if (share.revokedMs > 0) throw gone('the link was revoked')
  if (share.expiresMs <= now()) throw gone('the link has expired')
  return share
}

/** The share that a token names: 404 for one that was never given, 410 for one that does not hold any more. */
export const shareOfToken = (
  services: Pick<Services, 'index' | 'now' | 'signer'>,
  token: string,
): Promise<Share> => {
  const [id = '', tag = '', rest] = token.split('.')
  if (rest !== undefined || !services.signer.checkTag(PURPOSE, id, tag))
    throw notFound('there is no such link')
  return shareOrGone(services, id)
}
