import { z } from 'zod'
import { channelSchema } from './contract.ts'
import type { Device } from './store/index/types.ts'
import type { Signer } from './tokens.ts'

const PURPOSE = 'upload'
const LIFETIME_MS = 15 * 60_000

/** Short names: the token goes with every append. */
const grantSchema = z.object({
  p: z.string(),
  d: z.string(),
  /** epoch of the device's secret */
  s: z.int(),
  c: channelSchema,
  /** expiry, UTC ms */
  e: z.int(),
})

/** Leave to upload to one channel of one device. */
export type UploadGrant = {
  productId: string
  deviceName: string
  epoch: number
  channel: number
  issuedAtMs: number
  expiresAtMs: number
}

export const issueUploadToken = (
  signer: Signer,
  device: Device,
  channel: number,
  nowMs: number,
): { token: string; expiresAtMs: number } => {
  const expiresAtMs = nowMs + LIFETIME_MS
  const { productId: p, deviceName: d, epoch: s } = device
  return { token: signer.sign(PURPOSE, { p, d, s, c: channel, e: expiresAtMs }), expiresAtMs }
}

/** The grant of a token that is genuine and not expired. */
export const readUploadToken = (
  signer: Signer,
  token: string,
  nowMs: number,
): UploadGrant | undefined => {
  const parsed = grantSchema.safeParse(signer.verify(PURPOSE, token))
  if (!parsed.success || parsed.data.e <= nowMs) return undefined
  const { p, d, s, c, e } = parsed.data
  return {
    productId: p,
    deviceName: d,
    epoch: s,
    channel: c,
    issuedAtMs: e - LIFETIME_MS,
    expiresAtMs: e,
  }
}

/** Tokens that were found genuine: a device sends the same one with every append. */
const KNOWN_MAX = 20_000

/** Reads upload tokens; the signature of each is checked once. */
export class UploadTokens {
  readonly #known = new Map<string, UploadGrant>()

  constructor(private readonly signer: Signer) {}

  /** The grant of a token that is genuine and not expired. */
  read(token: string, nowMs: number): UploadGrant | undefined {
    const known = this.#known.get(token)
    if (known) {
      if (known.expiresAtMs > nowMs) return known
      this.#known.delete(token)
      return undefined
    }
    const grant = readUploadToken(this.signer, token, nowMs)
    if (!grant) return undefined
    if (this.#known.size >= KNOWN_MAX) this.#known.clear()
    this.#known.set(token, grant)
    return grant
  }
}
