import { UnitRecord } from '../../core-wasm/index.ts'
import type { PushWindow } from './window.ts'

/** What positions are found in: the table of GOPs and fragments that are still in the ring. */
export type UnitStore = {
  readonly head: number
  readonly tail: number
  readonly firstUnit: number
  readonly nextUnit: number
  readUnit(number: number, record: UnitRecord): boolean
  closeFragment(): void
}

/**
 * Where the video of a time, and of what follows it, begins in what waits for the cloud. `released`: the cloud has some of it, so the ring
 * has let go of it.
 */
export const positionFrom = (
  store: UnitStore,
  window: PushWindow,
  utcMs: number,
): { position: number; released: boolean } => {
  const unit = new UnitRecord()
  for (let number = store.firstUnit; number < store.nextUnit; number++) {
    if (!store.readUnit(number, unit) || unit.end <= store.tail) continue
    if (unit.closed && unit.utcMs + unit.durationMs <= utcMs) continue
    const hasEarlier = window.firstUtcMs < unit.utcMs && unit.utcMs > utcMs
    return {
      position: Math.max(unit.start, store.tail),
      released: hasEarlier || unit.start < store.tail,
    }
  }
  return { position: store.head, released: window.lastUtcMs > utcMs }
}

/** Where the video up to a time ends: in the ring from now on, so that it can be sent. */
export const positionTo = (store: UnitStore, utcMs: number): number => {
  store.closeFragment()
  const unit = new UnitRecord()
  for (let number = store.firstUnit; number < store.nextUnit; number++)
    if (store.readUnit(number, unit) && unit.utcMs > utcMs) return unit.start
  return store.head
}
