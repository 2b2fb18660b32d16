import type { Catalog } from '../catalog.ts'
import { deviceKey } from '../slice.ts'
import type { CloudEvent } from '../store/index/event-store.ts'
import type { Device } from '../store/index/types.ts'

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
  /** paths below the server's address; null when there is nothing */
  picture: string | null
  playlist: string | null
}

/** Path of an event in the API. */
export const eventPath = (device: Device, channel: number, key: string): string =>
  `/api/devices/${deviceKey(device)}/channels/${channel}/events/${key}`

/** What is recorded of an event's time: judged by what is here now, so that a later upload counts. */
const videoState = async (
  catalog: Catalog,
  event: CloudEvent,
  nowMs: number,
): Promise<Pick<EventView, 'video' | 'recordedMs'>> => {
  const fromMs = event.videoStartMs
  const toMs = event.videoEndMs ?? nowMs
  if (event.isMoment || toMs <= fromMs) return { video: 'none', recordedMs: 0 }
  const { deviceId, channel } = event
  const recorded = await catalog.timeline({ deviceId, channel, fromMs, toMs }, TOLERANCE_MS)
  const recordedMs = recorded.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0)
  const [first, second] = recorded
  if (!first) return { video: 'none', recordedMs }
  const isWhole =
    event.video === 'whole' ||
    (!second && first.startMs - fromMs <= TOLERANCE_MS && toMs - first.endMs <= TOLERANCE_MS)
  return { video: isWhole ? 'whole' : 'part', recordedMs }
}

const stateOf = (event: CloudEvent, video: EventView['video']): EventState => {
  if (event.endMs === null) return 'running'
  if (event.isMoment || video === 'whole') return 'finished'
  return video === 'part' || event.pictureType !== null ? 'partial' : 'failed'
}

export const eventView = async (
  catalog: Catalog,
  device: Device,
  event: CloudEvent,
  nowMs: number,
): Promise<EventView> => {
  const { key, channel, eventId, info, isMoment, startMs, endMs, videoStartMs, videoEndMs } = event
  const { video, recordedMs } = await videoState(catalog, event, nowMs)
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
    picture: event.pictureType === null ? null : `${path}/picture`,
    playlist: video === 'none' ? null : `${path}/playlist.m3u8`,
  }
}
