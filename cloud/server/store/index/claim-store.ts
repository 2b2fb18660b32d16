import type { Slice } from './slice-store.ts'
import type { StoredSlice } from './usage-store.ts'

/**
 * Closed slices of plans that keep only what events cover, as long as none has claimed them: a device may tell of an event after its
 * video. Every call may be repeated.
 */
export type ClaimStore = {
  /** These wait for an event from now on. Those of devices that are gone are left out. */
  wait(slices: readonly Pick<Slice, 'deviceId' | 'channel' | 'id'>[], nowMs: number): Promise<void>
  /** Slices that an ended event covers wait no more, whatever becomes of the event; nor do those that were deleted. */
  settle(deviceId: number, channel: number): Promise<void>
  /** The channel's plan keeps everything by now. */
  release(deviceId: number, channel: number): Promise<void>
  /** recorded time that waits and that no event covers, not even one that runs, nor a pin */
  waitingMs(deviceId: number, channel: number): Promise<number>
  /** what no event has claimed since before a moment; neither a pin nor a running export touches it; oldest first */
  overdue(
    deviceId: number,
    channel: number,
    beforeMs: number,
    limit: number,
  ): Promise<StoredSlice[]>
}
