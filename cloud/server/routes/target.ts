import { notFound } from '../errors.ts'
import type { Services } from '../services.ts'
import type { Device } from '../store/index/types.ts'

/** A range of a channel, or one of its events, as a body names it. */
export type TargetBody = {
  fromMs?: number | undefined
  toMs?: number | undefined
  eventKey?: string | undefined
  note?: string | undefined
}

export type Target = {
  startMs: number
  /** null while its event runs */
  endMs: number | null
  eventKey: string | null
  note: string
}

/** Where the body's range lies; that of an event is the one of its video. */
export const targetOf = async (
  { index }: Pick<Services, 'index'>,
  device: Device,
  channel: number,
  { fromMs = 0, toMs = 0, eventKey, note = '' }: TargetBody,
): Promise<Target> => {
  if (eventKey === undefined) return { startMs: fromMs, endMs: toMs, eventKey: null, note }
  const event = await index.events.event(device.id, channel, eventKey)
  if (!event) throw notFound('there is no such event; it may have been deleted')
  return {
    startMs: Math.min(event.videoStartMs, event.startMs),
    endMs: event.videoEndMs,
    eventKey,
    note,
  }
}
