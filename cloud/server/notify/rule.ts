import { z } from '@hono/zod-openapi'
import { isTimeZone } from '../time-zone.ts'

/** What is told: `analysis` is a piece of work for an analyser, the others are news. */
export const TOPICS = ['event', 'offline', 'online', 'storage', 'analysis'] as const
export type Topic = (typeof TOPICS)[number]

const clockSchema = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as 22:30')

export const ruleSchema = z
  .object({
    topics: z.array(z.enum(TOPICS)).min(1),
    /** `productId/deviceName`; absent: all */
    devices: z.array(z.string().max(64)).min(1).max(1000).optional(),
    /** ids of events; absent: all */
    eventIds: z.array(z.int().min(1).max(32)).min(1).optional(),
    /** for `analysis`: bits of `iv_cs_ai_type_e` that the analyser can do */
    ai: z.int().positive().optional(),
    /** nothing but analysis in these hours of the day; they may pass midnight */
    quiet: z
      .object({
        from: clockSchema,
        to: clockSchema,
        tz: z.string().max(64).refine(isTimeZone, 'must be an IANA time zone'),
      })
      .optional(),
    /** seconds between two messages of a topic and device */
    throttleSec: z.int().min(0).max(86_400).optional(),
  })
  .openapi('HookRule')
export type Rule = z.output<typeof ruleSchema>

export type News = {
  topic: Topic
  /** `productId/deviceName`; absent when it is about no device */
  device?: string | undefined
  eventId?: number | undefined
  ai?: number | undefined
}

const minuteOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3))

/** Minute of the day that it is somewhere. */
const minuteAt = (nowMs: number, timeZone: string): number => {
  const text = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(nowMs)
  return minuteOf(text)
}

const isQuiet = (quiet: Rule['quiet'], nowMs: number): boolean => {
  if (!quiet) return false
  const [from, to, now] = [minuteOf(quiet.from), minuteOf(quiet.to), minuteAt(nowMs, quiet.tz)]
  return from <= to ? now >= from && now < to : now >= from || now < to
}

/** Whether a rule lets news through; how often is another question. */
export const isWanted = (rule: Rule, news: News, nowMs: number): boolean => {
  const { topic, device, eventId, ai = 0 } = news
  if (!rule.topics.includes(topic)) return false
  if (rule.devices && (device === undefined || !rule.devices.includes(device))) return false
  if (rule.eventIds && eventId !== undefined && !rule.eventIds.includes(eventId)) return false
  if (topic === 'analysis') return (ai & (rule.ai ?? -1)) !== 0
  return !isQuiet(rule.quiet, nowMs)
}
