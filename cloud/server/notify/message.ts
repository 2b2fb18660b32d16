import { z } from 'zod'
import { TOPICS } from './rule.ts'

/** What a delivery carries, and what a webhook gets. */
export const messageSchema = z.object({
  topic: z.enum(TOPICS),
  createdMs: z.number(),
  /** for people, in English */
  text: z.string(),
  device: z.object({ productId: z.string(), deviceName: z.string(), label: z.string() }).optional(),
  event: z
    .object({
      channel: z.number(),
      key: z.string(),
      eventId: z.number(),
      info: z.string(),
      startMs: z.number(),
      endMs: z.number().nullable(),
      videoStartMs: z.number(),
      videoEndMs: z.number().nullable(),
      ai: z.number(),
      isMoment: z.boolean(),
    })
    .optional(),
  storage: z.object({ freeBytes: z.number(), sizeBytes: z.number() }).optional(),
  /** the page; of an analysis also picture and video, by links that hold for a day and show nothing else */
  links: z
    .object({
      page: z.string(),
      picture: z.string().nullable().optional(),
      playlist: z.string().nullable().optional(),
      result: z.string().optional(),
    })
    .optional(),
})
export type Message = z.output<typeof messageSchema>
