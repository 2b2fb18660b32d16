import type { Catalog } from '../catalog.ts'
import { deviceKey } from '../slice.ts'
import type { CloudEvent } from '../store/index/event-store.ts'
import type { Device, IndexStore, Interval } from '../store/index/types.ts'

/** A recording that is whole begins at an IDR and ends between two pictures; a gap of less than this is none. */
const TOLERANCE_MS = 2000

export type EventState = 'running' | 'finished' | 'partial' | 'failed'

/** An event as the API shows it. */
export type EventView = {
  key: string
  channel: number
  eventId: number
  info: string
  /** told of directly, without a length */
  isMoment: boolean
  startMs: number
  endMs: number | null
  videoStartMs: number
  videoEndMs: number | null
  state: EventState
  /** what is recorded of its time now */
  video: 'none' | 'part' | 'whole'
  recordedMs: number
  ai: number
  aiText: string | null
  /** never deleted by itself */
  isPinned: boolean
  /** paths below the server's address; null when there is nothing */
  picture: string | null
  playlist: string | null
}

/** Path of an event in the API. */
export const eventPath = (device: Device, channel: number, key: string): string =>
  `/api/devices/${deviceKey(device)}/channels/${channel}/events/${key}`

/** When an event's video was recorded, if it has any. */
const videoRange = (event: CloudEvent, nowMs: number): Interval | undefined => {
  const range = { startMs: event.videoStartMs, endMs: event.videoEndMs ?? nowMs }
  return event.isMoment || range.endMs <= range.startMs ? undefined : range
}

/** What is recorded of an event's time: judged by what is here now, so that a later upload counts. */
const videoState = (
  event: CloudEvent,
  recorded: readonly Interval[],
  nowMs: number,
): Pick<EventView, 'video' | 'recordedMs'> => {
  const range = videoRange(event, nowMs)
  if (!range) return { video: 'none', recordedMs: 0 }
  const parts = recorded
    .map(({ startMs, endMs }) => ({
      startMs: Math.max(startMs, range.startMs),
      endMs: Math.min(endMs, range.endMs),
    }))
    .filter(({ startMs, endMs }) => endMs > startMs)
  const recordedMs = parts.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0)
  const [first, second] = parts
  if (!first) return { video: 'none', recordedMs }
  const isWhole =
    event.video === 'whole' ||
    (!second &&
      first.startMs - range.startMs <= TOLERANCE_MS &&
      range.endMs - first.endMs <= TOLERANCE_MS)
  return { video: isWhole ? 'whole' : 'part', recordedMs }
}

/** What is recorded over all of the events, by channel: one question each, however many events there are. */
const recordedOver = async (
  catalog: Catalog,
  deviceId: number,
  events: readonly CloudEvent[],
  nowMs: number,
): Promise<Map<number, Interval[]>> => {
  const ranges = new Map<number, Interval>()
  for (const event of events) {
    const range = videoRange(event, nowMs)
    if (!range) continue
    const known = ranges.get(event.channel) ?? range
    ranges.set(event.channel, {
      startMs: Math.min(known.startMs, range.startMs),
      endMs: Math.max(known.endMs, range.endMs),
    })
  }
  const recorded = new Map<number, Interval[]>()
  for (const [channel, { startMs: fromMs, endMs: toMs }] of ranges)
    recorded.set(channel, await catalog.timeline({ deviceId, channel, fromMs, toMs }, TOLERANCE_MS))
  return recorded
}

const stateOf = (event: CloudEvent, video: EventView['video']): EventState => {
  if (event.endMs === null) return 'running'
  if (event.isMoment || video === 'whole') return 'finished'
  return video === 'part' || event.pictureType !== null ? 'partial' : 'failed'
}

const viewOf = (
  device: Device,
  event: CloudEvent,
  recorded: readonly Interval[],
  isPinned: boolean,
  nowMs: number,
): EventView => {
  const { key, channel, eventId, info, isMoment, startMs, endMs, videoStartMs, videoEndMs } = event
  const { video, recordedMs } = videoState(event, recorded, nowMs)
  const path = eventPath(device, channel, key)
  return {
    key,
    channel,
    eventId,
    info,
    isMoment,
    startMs,
    endMs,
    videoStartMs,
    videoEndMs,
    state: stateOf(event, video),
    video,
    recordedMs,
    ai: event.ai,
    aiText: event.aiText,
    isPinned,
    picture: event.pictureType === null ? null : `${path}/picture`,
    playlist: video === 'none' ? null : `${path}/playlist.m3u8`,
  }
}

export type EventParts = { catalog: Catalog; index: IndexStore }

/** Events of a device as the API shows them, in the order in which they are given. */
export const eventViews = async (
  { catalog, index }: EventParts,
  device: Device,
  events: readonly CloudEvent[],
  nowMs: number,
): Promise<EventView[]> => {
  if (events.length === 0) return []
  const recorded = await recordedOver(catalog, device.id, events, nowMs)
  const pins = await index.pins.list(device.id)
  const pinned = new Set(pins.map(({ channel, eventKey }) => `${channel}/${eventKey}`))
  return events.map((event) =>
    viewOf(
      device,
      event,
      recorded.get(event.channel) ?? [],
      pinned.has(`${event.channel}/${event.key}`),
      nowMs,
    ),
  )
}

export const eventView = async (
  parts: EventParts,
  device: Device,
  event: CloudEvent,
  nowMs: number,
): Promise<EventView> => (await eventViews(parts, device, [event], nowMs))[0]!
