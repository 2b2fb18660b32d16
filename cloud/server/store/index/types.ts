import type { AuditStore } from './audit-store.ts'
import type { ClaimStore } from './claim-store.ts'
import type { ClockStore } from './clock-store.ts'
import type { DeviceStore } from './device-store.ts'
import type { EventStore } from './event-store.ts'
import type { ExportStore } from './export-store.ts'
import type { LossStore } from './loss-store.ts'
import type { MarkStore } from './mark-store.ts'
import type { PinStore } from './pin-store.ts'
import type { PlanStore } from './plan-store.ts'
import type { ShareStore } from './share-store.ts'
import type { SliceStore } from './slice-store.ts'
import type { SqlDatabase } from './sql.ts'
import type { UploadStore } from './upload-store.ts'
import type { UsageStore } from './usage-store.ts'

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
  SliceStore &
  MarkStore & {
    /** other processes read it too: they learn from it what is being recorded here */
    readonly isShared: boolean
    readonly events: EventStore
    readonly uploads: UploadStore
    readonly pins: PinStore
    readonly shares: ShareStore
    readonly exports: ExportStore
    readonly audit: AuditStore
    readonly usage: UsageStore
    readonly claims: ClaimStore
    readonly losses: LossStore
    readonly clock: ClockStore
    /** for parts that keep tables of their own in it */
    readonly db: SqlDatabase
    close(): Promise<void>
  }
