import { type SQL, sql } from 'drizzle-orm'
import { SLICE_MAX_MS } from '../../slice.ts'
import type { Interval, SliceRange } from './slice-store.ts'
import { BUCKET_MS, SPAN_GAP_MS } from './slice-summary.ts'
import type { SqlDatabase } from './sql.ts'

const number = (value: number): SQL => sql.raw(String(Math.round(value)))

const own = ({ deviceId, channel }: SliceRange): SQL =>
  sql`device_id = ${deviceId} and channel = ${channel}`

/** Slices with pictures in the range. */
const touching = (range: SliceRange): SQL =>
  sql`${own(range)} and start_ms > ${number(range.fromMs - SLICE_MAX_MS)} and start_ms < ${number(range.toMs)}
    and end_ms > ${number(range.fromMs)} and end_ms > start_ms`

/** What the slices of a range cover, each made longer by the gap: what touches then is one. */
const fromSlices = (range: SliceRange, gapMs: number): SQL => sql`
  select range_agg(int8range(start_ms, end_ms + ${number(gapMs)}))::text as covered
  from slices where ${touching(range)}`

/**
 * The same from the summary, which joins recordings of up to SPAN_GAP_MS already. A span may reach over an end of the range
 * by slices that are not in it; the first and the last slice that are say how far it counts, and where there is none it does not.
 */
const fromSummary = (range: SliceRange, gapMs: number): SQL => {
  const { fromMs, toMs } = range
  return sql`
    with ends as (
      select
        (select min(start_ms) from slices where ${touching(range)}
          and start_ms <= ${number(fromMs + SPAN_GAP_MS)}) as first_ms,
        (select max(end_ms) from slices where ${touching(range)}
          and start_ms >= ${number(toMs - SPAN_GAP_MS - SLICE_MAX_MS)} and end_ms >= ${number(toMs - SPAN_GAP_MS)}) as last_ms
    ), found as (
      select case when lower(span) < ${number(fromMs)} then first_ms else lower(span) end as start_ms,
        case when upper(span) - ${number(SPAN_GAP_MS)} > ${number(toMs)} then last_ms
          else upper(span) - ${number(SPAN_GAP_MS)} end as end_ms
      from slice_summaries, unnest(spans) as span, ends
      where ${own(range)}
        and bucket between ${number((fromMs - SLICE_MAX_MS) / BUCKET_MS - 1)} and ${number(toMs / BUCKET_MS + 1)}
        and lower(span) < ${number(toMs)} and upper(span) - ${number(SPAN_GAP_MS)} > ${number(fromMs)}
    )
    select range_agg(int8range(start_ms, end_ms + ${number(gapMs)}))::text as covered
    from found where end_ms > start_ms`
}

/**
 * Recorded time in a range, in order; what lies at most `gapMs` apart is one interval. Slices that reach into the range count
 * whole.
 */
export const timeline = async (
  db: Pick<SqlDatabase, 'execute'>,
  range: SliceRange,
  gapMs: number,
): Promise<Interval[]> => {
  const query = gapMs < SPAN_GAP_MS ? fromSlices : fromSummary
  const { rows } = (await db.execute(query(range, gapMs))) as unknown as {
    rows: { covered: string | null }[]
  }
  // one value however many there are: {[from,to),[from,to)}
  const found = (rows[0]?.covered ?? '').matchAll(/\[(-?\d+),(-?\d+)\)/g)
  return Array.from(found, ([, from, to]) => ({
    startMs: Number(from),
    endMs: Number(to) - Math.round(gapMs),
  }))
}
