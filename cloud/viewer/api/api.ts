import { noteServerTime } from '../server-clock.ts'
import { queryText, request } from './request.ts'
import type {
  Camera,
  DayInfo,
  DeviceInfo,
  EventInfo,
  PlanInfo,
  Session,
  TimelineInfo,
  Usage,
} from './types.ts'

export type * from './types.ts'

/** Events that are shown at a time. */
export const EVENTS_MAX = 1000

export const devicePath = ({ productId, deviceName }: Omit<Camera, 'channel'>): string =>
  `/api/devices/${encodeURIComponent(productId)}/${encodeURIComponent(deviceName)}`
export const channelPath = (camera: Camera): string =>
  `${devicePath(camera)}/channels/${camera.channel}`

export const getSession = () => request<Session>('GET', '/api/session')
export const login = (given: { name: string; password: string } | { token: string }) =>
  request<Session>('POST', '/api/session', { body: given })
export const logout = () => request<void>('DELETE', '/api/session')

export const listDevices = async (): Promise<DeviceInfo[]> =>
  (await request<{ devices: DeviceInfo[] }>('GET', '/api/devices')).devices

export type NewDevice = { productId: string; deviceName: string; label: string; timeZone: string }
export const createDevice = (device: NewDevice) =>
  request<DeviceInfo & { deviceSecret: string }>('POST', '/api/devices', { body: device })
export const changeDevice = (camera: Camera, change: { label?: string; timeZone?: string }) =>
  request<DeviceInfo>('PATCH', devicePath(camera), { body: change })
export const getUsage = (camera: Camera) => request<Usage>('GET', `${devicePath(camera)}/usage`)

export type PlanChange = { type: PlanInfo['type']; days: number; trialSec?: number }
export const setPlan = (camera: Camera, plan: PlanChange) =>
  request<PlanInfo>('PUT', `${channelPath(camera)}/plan`, { body: plan })

export const listDays = async (
  camera: Camera,
  from: string,
  to: string,
  tz: string,
): Promise<DayInfo[]> => {
  const path = `${channelPath(camera)}/days${queryText({ from, to, tz })}`
  return (await request<{ days: DayInfo[] }>('GET', path)).days
}

export const loadTimeline = async (
  camera: Camera,
  { fromMs, toMs, gapMs }: { fromMs: number; toMs: number; gapMs?: number },
): Promise<TimelineInfo> => {
  const query = queryText({ from: Math.floor(fromMs), to: Math.ceil(toMs), gapMs })
  const askedMs = Date.now()
  const info = await request<TimelineInfo>('GET', `${channelPath(camera)}/timeline${query}`)
  noteServerTime(info.nowMs, askedMs, Date.now())
  return info
}

export const listEvents = async (
  camera: Camera,
  fromMs: number,
  toMs: number,
): Promise<EventInfo[]> => {
  const query = queryText({ from: fromMs, to: toMs, limit: EVENTS_MAX })
  return (await request<{ events: EventInfo[] }>('GET', `${channelPath(camera)}/events${query}`))
    .events
}

/** What a playlist covers: a range, or without one what is being recorded. */
export type PlaylistRange = {
  fromMs?: number
  toMs?: number
  /** low: with the parts of the GOP that is being recorded */
  latency?: 'low' | undefined
}

export const playlistUrl = (camera: Camera, { fromMs, toMs, latency }: PlaylistRange): string =>
  `${channelPath(camera)}/master.m3u8${queryText({
    from: fromMs === undefined ? undefined : Math.round(fromMs),
    to: toMs === undefined ? undefined : Math.round(toMs),
    latency,
  })}`

/** How cameras reach this cloud. */
export const getSetup = () => request<{ mqttUrl: string }>('GET', '/api/setup')
