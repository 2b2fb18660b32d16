import type { DeviceStore } from './device-store.ts'
import type { EventStore } from './event-store.ts'
import type { LossStore } from './loss-store.ts'
import type { PlanStore } from './plan-store.ts'
import type { SliceStore } from './slice-store.ts'

export type { Device, DeviceStore, NewDevice } from './device-store.ts'
export { PLAN_TYPES, type Plan, type PlanStore, type PlanType } from './plan-store.ts'
export {
  type Interval,
  type OldSlice,
  SLICE_STATES,
  type Slice,
  type SliceRange,
  type SliceState,
  type SliceStore,
} from './slice-store.ts'

/**
 * What the cloud knows of devices, plans, slices and events: one type per concept, each with its own file of SQL.
 * Embedded: PostgreSQL in process (PGlite); grows into a PostgreSQL server with the same SQL. Every call may be repeated.
 */
export type IndexStore = DeviceStore &
  PlanStore &
  SliceStore & {
    /** other processes read it too: they learn from it what is being recorded here */
    readonly isShared: boolean
    readonly events: EventStore
    readonly losses: LossStore
    close(): Promise<void>
  }
