import { z } from 'zod'

/** Channel 0 is the single camera of a device; 1..N are the cameras of a device with several. */
export const CHANNEL_MAX = 64
export const channelSchema = z.int().min(0).max(CHANNEL_MAX)

/** Chosen by who asks, returned by who answers; 1 to 64 printable ASCII characters. */
export const clientTokenSchema = z.string().regex(/^[\x21-\x7e]{1,64}$/)

export const utcMsSchema = z.number().int().nonnegative()

/** What every answer has besides its data. */
export const answer = <Method extends string>(method: Method) =>
  z.object({
    method: z.literal(method),
    clientToken: clientTokenSchema,
    code: z.int(),
    status: z.string(),
  })
