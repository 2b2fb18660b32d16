import type { Piece, SliceEnd, SliceStart } from '../../contract.ts'
import type { EventStore } from './event-store.ts'

export type Device = {
  id: number
  productId: string
  deviceName: string
  secret: string
  /** shown to people; empty when they gave none */
  label: string
  /** raised when the secret changes: upload tokens of before are void */
  epoch: number
  createdMs: number
  /** 0 when never seen */
  lastSeenMs: number
  /** when its recordings were last destroyed: upload tokens of before are void; 0 when never */
  destroyedMs: number
}
export type NewDevice = Omit<Device, 'id' | 'epoch' | 'lastSeenMs' | 'destroyedMs'>

export const PLAN_TYPES = ['none', 'full', 'event', 'trial'] as const
export type PlanType = (typeof PLAN_TYPES)[number]

export type Plan = {
  enabled: boolean
  type: PlanType
  /** look-back in days */
  days: number
  /** video that a free trial has left; 0 for other types */
  trialLeftMs: number
  changedMs: number
}

/** `open` grows; `cut` was closed by the cloud (its device may still complete it); `done` is what its device made it. */
export const SLICE_STATES = ['open', 'cut', 'done'] as const
export type SliceState = (typeof SLICE_STATES)[number]

export type Slice = SliceStart & {
  deviceId: number
  channel: number
  state: SliceState
  /** acknowledged bytes */
  bytes: number
  /** sorted by offset, without gaps; only the last can be `open` */
  pieces: Piece[]
  end?: SliceEnd
}

export type SliceRange = { deviceId: number; channel: number; fromMs: number; toMs: number }

/** What has to be known of a slice to delete it. */
export type OldSlice = Pick<Slice, 'id' | 'channel' | 'format' | 'bytes'>

/** A half-open interval of UTC in ms. */
export type Interval = { startMs: number; endMs: number }

/**
 * What the cloud knows of devices, plans, slices and events. Embedded: PostgreSQL in process (PGlite); grows into a PostgreSQL
 * server with the same SQL. Every call may be repeated.
 */
export type IndexStore = {
  /** other processes read it too: they learn from it what is being recorded here */
  readonly isShared: boolean
  readonly events: EventStore
  /** undefined when product and name, or the MQTT client id that follows from them, are taken */
  createDevice(device: NewDevice): Promise<Device | undefined>
  devices(): Promise<Device[]>
  device(productId: string, deviceName: string): Promise<Device | undefined>
  /** by `{productId}{deviceName}` without a separator, as MQTT client ids are made */
  deviceByClientId(clientId: string): Promise<Device | undefined>
  /** new secret, next epoch */
  rotateSecret(deviceId: number, secret: string): Promise<Device | undefined>
  setLastSeen(seen: ReadonlyMap<number, number>): Promise<void>
  /** with its plans, slices and events */
  deleteDevice(deviceId: number): Promise<void>
  /** from now on upload tokens of before are void */
  markDestroyed(deviceId: number, nowMs: number): Promise<void>
  /** its slices and events; the device and its plans stay */
  deleteRecordings(deviceId: number): Promise<void>

  plan(deviceId: number, channel: number): Promise<Plan | undefined>
  setPlan(deviceId: number, channel: number, plan: Plan): Promise<void>
  /** channels that have a plan or a slice, ascending */
  channels(deviceId: number): Promise<number[]>

  /** Inserts or replaces, all or none. Slices of devices that are gone are left out. */
  putSlices(slices: readonly Slice[]): Promise<void>
  slice(deviceId: number, channel: number, id: string): Promise<Slice | undefined>
  /** slices with pictures in the range, in order of time */
  slices(range: SliceRange): Promise<Slice[]>
  /** the last slice that starts before a moment */
  sliceBefore(deviceId: number, channel: number, beforeMs: number): Promise<Slice | undefined>
  /** slices that ended before a moment, oldest first */
  slicesBefore(
    deviceId: number,
    channel: number,
    beforeMs: number,
    limit: number,
  ): Promise<OldSlice[]>
  deleteSlices(deviceId: number, channel: number, ids: readonly string[]): Promise<void>
  /** recorded time in the range; what lies at most `gapMs` apart is one interval */
  timeline(range: SliceRange, gapMs: number): Promise<Interval[]>
  /** for each interval, whether anything was recorded in it */
  recordedIn(deviceId: number, channel: number, intervals: readonly Interval[]): Promise<boolean[]>

  close(): Promise<void>
}
