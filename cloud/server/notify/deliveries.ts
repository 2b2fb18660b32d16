import { and, asc, desc, eq, gt, lt, sql } from 'drizzle-orm'
import type { SqlDatabase } from '../store/index/sql.ts'
import { deliveries } from './tables.ts'

/** `waiting` is tried until it is `done`, or `dead`: given up, until somebody drives it again. */
export const DELIVERY_STATES = ['waiting', 'done', 'dead'] as const
export type DeliveryState = (typeof DELIVERY_STATES)[number]

export type Delivery = {
  id: number
  hookId: string
  subject: string
  source: string
  payload: string
  state: DeliveryState
  attempts: number
  nextMs: number
  createdMs: number
  reason: string
}

export type NewDelivery = Pick<Delivery, 'hookId' | 'subject' | 'source' | 'payload'>

/** Who takes a delivery has it for so long; then it counts as lost with its process. */
const LEASE_MS = 30_000
/** Done ones are kept for as long as a device may tell of the same event again. */
const DONE_KEPT_MS = 86_400_000
const DEAD_KEPT_MS = 30 * 86_400_000

/** The queue, in the index: what is in it survives a kill, and several instances work on it. */
export class Deliveries {
  constructor(
    private readonly db: SqlDatabase,
    private readonly now: () => number,
  ) {}

  /** False when this hook has had this subject already. */
  async add(delivery: NewDelivery): Promise<boolean> {
    const nowMs = this.now()
    const rows = await this.db
      .insert(deliveries)
      .values({
        ...delivery,
        state: 'waiting',
        attempts: 0,
        nextMs: nowMs,
        createdMs: nowMs,
        reason: '',
      })
      .onConflictDoNothing()
      .returning({ id: deliveries.id })
    return rows.length > 0
  }

  /** Whether something of a source was put into the queue for a hook since a moment. */
  async hasSince(hookId: string, source: string, sinceMs: number): Promise<boolean> {
    const wanted = and(
      eq(deliveries.hookId, hookId),
      eq(deliveries.source, source),
      gt(deliveries.createdMs, sinceMs),
    )
    return (await this.db.$count(deliveries, wanted)) > 0
  }

  /** Takes what is due; nobody else gets it meanwhile. */
  async take(limit: number): Promise<Delivery[]> {
    const nowMs = this.now()
    const due = sql`select id from deliveries where state = 'waiting' and next_ms <= ${nowMs}
      order by next_ms limit ${limit} for update skip locked`
    const rows = await this.db
      .update(deliveries)
      .set({ attempts: sql`${deliveries.attempts} + 1`, nextMs: nowMs + LEASE_MS })
      .where(sql`${deliveries.id} in (${due})`)
      .returning()
    return rows as Delivery[]
  }

  async done(id: number): Promise<void> {
    await this.#set(id, { state: 'done', reason: '' })
  }

  /** @param againMs when it is tried again; undefined: never */
  async failed(id: number, reason: string, againMs: number | undefined): Promise<void> {
    const next = againMs === undefined ? { state: 'dead' as const } : { nextMs: againMs }
    await this.#set(id, { ...next, reason: reason.slice(0, 500) })
  }

  /** Drives one again that was given up. False when there is none. */
  async retry(id: number): Promise<boolean> {
    const rows = await this.db
      .update(deliveries)
      .set({ state: 'waiting', attempts: 0, nextMs: this.now() })
      .where(and(eq(deliveries.id, id), eq(deliveries.state, 'dead')))
      .returning({ id: deliveries.id })
    return rows.length > 0
  }

  async delete(id: number): Promise<boolean> {
    const rows = await this.db
      .delete(deliveries)
      .where(eq(deliveries.id, id))
      .returning({ id: deliveries.id })
    return rows.length > 0
  }

  /** Newest first. */
  async list(state: DeliveryState, limit: number): Promise<Delivery[]> {
    const rows = await this.db
      .select()
      .from(deliveries)
      .where(eq(deliveries.state, state))
      .orderBy(desc(deliveries.id))
      .limit(limit)
    return rows as Delivery[]
  }

  async counts(): Promise<{ waiting: number; dead: number }> {
    return {
      waiting: await this.db.$count(deliveries, eq(deliveries.state, 'waiting')),
      dead: await this.db.$count(deliveries, eq(deliveries.state, 'dead')),
    }
  }

  /** When the next one is due. */
  async nextMs(): Promise<number | undefined> {
    const [row] = await this.db
      .select({ nextMs: deliveries.nextMs })
      .from(deliveries)
      .where(eq(deliveries.state, 'waiting'))
      .orderBy(asc(deliveries.nextMs))
      .limit(1)
    return row?.nextMs
  }

  async forgetOld(): Promise<void> {
    const old = (state: DeliveryState, keptMs: number) =>
      and(eq(deliveries.state, state), lt(deliveries.createdMs, this.now() - keptMs))
    await this.db.delete(deliveries).where(old('done', DONE_KEPT_MS))
    await this.db.delete(deliveries).where(old('dead', DEAD_KEPT_MS))
  }

  async #set(id: number, set: Partial<Delivery>): Promise<void> {
    await this.db.update(deliveries).set(set).where(eq(deliveries.id, id))
  }
}
