import { hc } from 'hono/client'
import type { Api } from '../server/app.ts'

const client = hc<Api>('/api')
const channels = client.devices[':productId'][':deviceName'].channels[':channel']

/** Events that are shown of one day. */
const EVENTS_MAX = 500

export type Camera = { productId: string; deviceName: string; channel: number }
export type Recording = { startMs: number; endMs: number }
export type DayInfo = { date: string; startMs: number; endMs: number; recorded: boolean }

/** An answer that is an error, with the server's own words. */
export class ApiFault extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

type Answer<Body> = { ok: boolean; status: number; json(): Promise<Body> }

const ask = async <Body>(request: Promise<Answer<Body>>): Promise<Body> => {
  const answer = await request.catch(() => {
    throw new ApiFault(0, 'The server cannot be reached.')
  })
  if (answer.ok) return answer.json()
  const body = (await answer.json().catch(() => ({}))) as { error?: { message?: string } }
  throw new ApiFault(answer.status, body.error?.message ?? `The server answered ${answer.status}.`)
}

const pathOf = ({ productId, deviceName, channel }: Camera) => ({
  productId,
  deviceName,
  channel: String(channel),
})

export const listDevices = async () => (await ask(client.devices.$get())).devices
export type DeviceInfo = Awaited<ReturnType<typeof listDevices>>[number]

export const listDays = async (
  camera: Camera,
  from: string,
  to: string,
  tz: string,
): Promise<DayInfo[]> =>
  (await ask(channels.days.$get({ param: pathOf(camera), query: { from, to, tz } }))).days

export const timeline = (camera: Camera, fromMs: number, toMs: number) =>
  ask(
    channels.timeline.$get({
      param: pathOf(camera),
      query: { from: String(fromMs), to: String(toMs) },
    }),
  )

export const listEvents = async (camera: Camera, fromMs: number, toMs: number) => {
  const query = { from: String(fromMs), to: String(toMs), limit: String(EVENTS_MAX) }
  return (await ask(channels.events.$get({ param: pathOf(camera), query }))).events
}
export type EventInfo = Awaited<ReturnType<typeof listEvents>>[number]

/** Playlist of a range; without an end: of what is being recorded. */
export const playlistUrl = (camera: Camera, fromMs: number, toMs?: number): string => {
  const { productId, deviceName, channel } = camera
  const to = toMs === undefined ? '' : `&to=${Math.round(toMs)}`
  return `/api/devices/${productId}/${deviceName}/channels/${channel}/master.m3u8?from=${Math.round(fromMs)}${to}`
}
