import type { Loss } from '../../contract.ts'
import type { SliceRange } from './slice-store.ts'

/** What devices say is missing. Every call may be repeated. */
export type LossStore = {
  /** inserts or replaces by id; those of a device that is gone are left out */
  put(deviceId: number, losses: readonly Loss[]): Promise<void>
  /** they are none any more: a later upload brought the bytes */
  withdraw(deviceId: number, ids: readonly string[]): Promise<void>
  /** losses that touch the range, in order of time */
  losses(range: SliceRange): Promise<Loss[]>
  /** those that ended before a moment */
  deleteBefore(deviceId: number, channel: number, beforeMs: number): Promise<void>
  deleteAll(deviceId: number): Promise<void>
}
