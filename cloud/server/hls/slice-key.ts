import type { Context } from 'hono'
import { ApiError } from '../errors.ts'
import type { Slice } from '../store/index/types.ts'

/** Key of an encrypted slice as a playlist names it: 16 bytes for who may look, or wrapped so that only the owner can open it. */
const EXTENSIONS = { cloud: 'key', owner: 'wrapped-key' } as const

/** Of a slice that anyone may have whose access is checked: it never changes. */
const FOREVER = 'private, max-age=31536000, immutable'

/** The cloud has not got the key: nothing here can look into the recording. */
export const needsOwnerKey = ({ encryption }: Pick<Slice, 'encryption'>): boolean =>
  encryption !== undefined && encryption.key === undefined

/** For everything that has to look into recordings: exports, previews, analyses. */
export const OWNER_KEY_REASON =
  'this recording is encrypted for its owner, and this server has no key; play it in the page with the private key, or decrypt it as docs/RECOVERY.md says'

/** @throws ApiError 409 `owner_key_needed` when a slice of these cannot be looked into */
export const requireReadable = (slices: readonly Pick<Slice, 'encryption'>[]): void => {
  if (slices.some(needsOwnerKey)) throw new ApiError(409, 'owner_key_needed', OWNER_KEY_REASON)
}

export const keyFileName = (slice: Pick<Slice, 'id' | 'encryption'>): string =>
  `${slice.id}.${needsOwnerKey(slice) ? EXTENSIONS.owner : EXTENSIONS.cloud}`

/** IV of a slice's piece, by its number: that of the first one and so many more. Spec: docs/PROTOCOL.md section 8. */
export const pieceIv = (firstIv: string, piece: number): string =>
  ((BigInt(`0x${firstIv}`) + BigInt(piece)) % (1n << 128n)).toString(16).padStart(32, '0')

/** Whether a file name beside a slice's is that of its key. */
export const isKeyExtension = (extension: string | undefined): boolean =>
  extension === EXTENSIONS.cloud || extension === EXTENSIONS.owner

/** Sends a slice's key, as the player asks for it. */
export const sendKey = (c: Context, slice: Slice, extension: string): Response => {
  const { encryption } = slice
  const text = extension === EXTENSIONS.cloud ? encryption?.key : encryption?.wrappedKey
  if (text === undefined) {
    requireReadable([slice])
    throw new ApiError(404, 'not_found', 'this recording has no such key')
  }
  const bytes = Buffer.from(text, extension === EXTENSIONS.cloud ? 'hex' : 'base64')
  c.header('Cache-Control', FOREVER)
  c.header('Content-Type', 'application/octet-stream')
  return c.body(Uint8Array.from(bytes))
}
