import { z } from 'zod'
import { channelSchema, eventKeySchema } from '../contract.ts'
import type { Device } from '../store/index/types.ts'
import type { Signer } from '../tokens.ts'

const PURPOSE = 'picture'
const LIFETIME_MS = 15 * 60_000

const grantSchema = z.object({
  p: z.string(),
  d: z.string(),
  /** epoch of the device's secret */
  s: z.int(),
  c: channelSchema,
  k: eventKeySchema,
  /** expiry, UTC ms */
  e: z.int(),
})

/** Leave to put the picture of one event. */
export type PictureLeave = {
  productId: string
  deviceName: string
  epoch: number
  channel: number
  key: string
  issuedAtMs: number
}

export const issuePictureToken = (
  signer: Signer,
  device: Device,
  channel: number,
  key: string,
  nowMs: number,
): { token: string; expiresAtMs: number } => {
  const expiresAtMs = nowMs + LIFETIME_MS
  const { productId: p, deviceName: d, epoch: s } = device
  const token = signer.sign(PURPOSE, { p, d, s, c: channel, k: key, e: expiresAtMs })
  return { token, expiresAtMs }
}

/** What a token that is genuine and not expired permits. */
export const readPictureToken = (
  signer: Signer,
  token: string,
  nowMs: number,
): PictureLeave | undefined => {
  const parsed = grantSchema.safeParse(signer.verify(PURPOSE, token))
  if (!parsed.success || parsed.data.e <= nowMs) return undefined
  const { p, d, s, c, k, e } = parsed.data
  return {
    productId: p,
    deviceName: d,
    epoch: s,
    channel: c,
    key: k,
    issuedAtMs: e - LIFETIME_MS,
  }
}
