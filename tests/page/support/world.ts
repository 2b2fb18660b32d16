import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CloudOptions, startCloud } from '../../../cloud/server/index.ts'
import type { LossCause } from '../../../runtime/mqtt/loss-messages.ts'
import { openCloud, type TestCloud } from '../../cloud/support/cloud.ts'
import { TestDevice } from '../../cloud/support/device.ts'
import { type MadeSlice, makeSlices } from '../../cloud/support/media.ts'
import { ffmpeg } from '../../support/ffmpeg.ts'
import { withTempFolder } from '../../support/paths.ts'
import { reservePort } from '../../support/ports.ts'

export type { CloudOptions }
export { startCloud }

const MINUTE_MS = 60_000

/** A moment that is the same distance from now in every run, and a whole minute. */
export const minutesAgo = (minutes: number): number =>
  Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - minutes * MINUTE_MS

export const openWorld = async (options: CloudOptions = {}): Promise<TestCloud> =>
  // the same port after a restart: the page knows no other
  openCloud({ httpPort: await reservePort(), apiPerSecond: 1000, ...options })

/** Registers a camera by its label and lets it upload. */
export const addCamera = async (
  cloud: TestCloud,
  deviceName: string,
  label = deviceName,
): Promise<TestDevice> => {
  const device = await new TestDevice(cloud, 'P1', deviceName).register()
  const named = await cloud.api('PATCH', device.path, { label, timeZone: 'UTC' })
  if (named.status !== 200) throw new Error(`label: ${named.status} ${await named.text()}`)
  return device.authorize()
}

export const upload = async (device: TestDevice, slices: readonly MadeSlice[]): Promise<void> => {
  for (const { start, data, pieces } of slices) await device.upload(start, data, pieces)
}

/** Slices that lie one after the other from a moment on; `boot` must differ between calls for one camera. */
export const record = (
  device: TestDevice,
  options: NonNullable<Parameters<typeof makeSlices>[1]>,
): Promise<void> => withTempFolder(async (folder) => upload(device, makeSlices(folder, options)))

export const jpegOf = (source: string): Promise<Buffer> =>
  withTempFolder((folder) => {
    const path = join(folder, 'shot.jpg')
    ffmpeg('-f', 'lavfi', '-i', source, '-frames:v', '1', path)
    return readFileSync(path)
  })

export type EventGiven = {
  eventId: number
  info: string
  startMs: number
  endMs: number
  /** number of the event of this camera: it makes the key */
  number: number
  picture?: Buffer
  ai?: number
}

export const eventKey = (number: number): string =>
  `eeeeeeeeeeeeeeee-${String(number).padStart(8, '0')}`

/** Tells of an event as a camera does: begun, its picture, ended. */
export const tellEvent = async (device: TestDevice, given: EventGiven): Promise<void> => {
  const { number, picture, endMs, ai = 0, ...event } = given
  const params = {
    ...{ channel: 0, key: eventKey(number), ai, ...event },
    videoStartMs: event.startMs - 1000,
  }
  const begun = await device.ask('event', 'event_start', params)
  if (begun.method !== 'event_start_reply' || !begun.data) throw new Error(JSON.stringify(begun))
  if (picture) {
    const { url, token } = begun.data.picture
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'image/jpeg' }
    const put = await fetch(url, { method: 'PUT', headers, body: picture })
    if (put.status !== 204) throw new Error(`picture: ${put.status}`)
  }
  const ended = {
    endMs,
    videoEndMs: endMs + 1000,
    video: 'whole',
    picture: picture ? 'done' : 'none',
  }
  const stopped = await device.ask('event', 'event_stop', { ...params, ...ended })
  if (stopped.method !== 'event_stop_reply' || stopped.code !== 0)
    throw new Error(JSON.stringify(stopped))
}

/** Tells of something that is missing. */
export const tellLoss = async (
  device: TestDevice,
  loss: { number: number; startMs: number; endMs: number; cause: LossCause },
): Promise<void> => {
  const { number, ...rest } = loss
  const id = `00000000000000ff-${String(number).padStart(8, '0')}`
  const told = await device.ask('event', 'loss_report', {
    losses: [{ id, channel: 0, bytes: 1000, ...rest }],
    withdrawn: [],
  })
  if (!('code' in told) || told.code !== 0) throw new Error(JSON.stringify(told))
}
