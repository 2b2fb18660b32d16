import type { OldSlice } from './slice-store.ts'

export type ChannelUsage = {
  channel: number
  slices: number
  bytes: number
  /** 0 when there is nothing */
  oldestMs: number
  newestMs: number
}

/** A closed slice as deletion sees it. */
export type StoredSlice = OldSlice & { deviceId: number; startMs: number; endMs: number }

/** Which closed slices may go; absent: no matter. */
export type FreeQuery = {
  deviceId?: number | undefined
  channel?: number | undefined
  /** that end before this */
  beforeMs?: number | undefined
  /** that touch this range */
  touching?: { startMs: number; endMs: number } | undefined
  limit: number
}

/** What is stored, and what may go. Every call may be repeated. */
export type UsageStore = {
  /** by channel, ascending */
  ofDevice(deviceId: number): Promise<ChannelUsage[]>
  pictureBytes(deviceId: number): Promise<number>
  /** recordings and pictures of all devices, by device */
  bytesByDevice(): Promise<Map<number, number>>
  /** bytes of slices that a pin touches */
  pinnedBytes(deviceId: number): Promise<number>
  /** closed slices that neither a pin nor a running export touches, oldest first */
  free(query: FreeQuery): Promise<StoredSlice[]>
  /** closed slices in order of name, so many at a time: for the check against the objects */
  page(after: StoredSlice | undefined, limit: number): Promise<StoredSlice[]>
}
