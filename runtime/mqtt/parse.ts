import { type DownMessage, downMessageSchema } from './messages.ts'

/** Messages of the contract are at most 2048 bytes; what is much longer is not ours and is not parsed. */
export const MESSAGE_MAX_BYTES = 16 * 1024

/** A message of the cloud, or undefined when it is none of the contract. */
export const parseMessage = (text: string): DownMessage | undefined => {
  if (text.length > MESSAGE_MAX_BYTES) return undefined
  try {
    const checked = downMessageSchema.safeParse(JSON.parse(text))
    return checked.success ? checked.data : undefined
  } catch {
    return undefined
  }
}
