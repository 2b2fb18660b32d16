import type { Ingest } from './ingest/ingest.ts'
import { playablePieces, SLICE_MAX_MS, sliceSpan } from './slice.ts'
import type { IndexStore, Interval, Slice, SliceRange } from './store/index/types.ts'

/** Closed slices kept for media requests: a player asks for many ranges of each. */
const CACHE_SLICES = 512

const overlaps = (span: Interval, range: { fromMs: number; toMs: number }): boolean =>
  span.endMs > range.fromMs && span.startMs < range.toMs && span.endMs > span.startMs

/** Joins intervals that lie at most `gapMs` apart. */
export const mergeIntervals = (intervals: readonly Interval[], gapMs: number): Interval[] => {
  const merged: Interval[] = []
  for (const interval of intervals.toSorted((a, b) => a.startMs - b.startMs)) {
    const last = merged.at(-1)
    if (last && interval.startMs <= last.endMs + gapMs)
      merged[merged.length - 1] = { ...last, endMs: Math.max(last.endMs, interval.endMs) }
    else merged.push(interval)
  }
  return merged
}

/** Another instance may have gone on with a slice that was in hand here: what is further is right. */
const isFurther = (slice: Slice, other: Slice): boolean =>
  slice.bytes > other.bytes ||
  (slice.bytes === other.bytes && slice.state !== 'open' && other.state === 'open')

/** What is recorded: the index, and what this process has received since it last told the index. */
export class Catalog {
  readonly #closed = new Map<string, Slice>()

  constructor(
    private readonly index: IndexStore,
    private readonly ingest: Ingest,
  ) {}

  /** Slices with playable pictures in the range, in order of time. */
  async slices(range: SliceRange): Promise<Slice[]> {
    const live = this.ingest.live(range.deviceId, range.channel)
    const fresh = new Map(live.map((slice) => [slice.id, slice]))
    const known = (await this.index.slices(range)).filter((slice) => {
      const here = fresh.get(slice.id)
      if (!here || !isFurther(slice, here)) return !here
      fresh.delete(slice.id)
      return true
    })
    const here = [...fresh.values()].filter((slice) => overlaps(sliceSpan(slice), range))
    return [...known, ...here].sort((a, b) => a.startUtcMs - b.startUtcMs || (a.id < b.id ? -1 : 1))
  }

  /** Recorded time in the range, cut to it. */
  async timeline(range: SliceRange, gapMs: number): Promise<Interval[]> {
    const live = this.ingest.live(range.deviceId, range.channel)
    const spans = live.map(sliceSpan).filter((span) => overlaps(span, range))
    const known = await this.index.timeline(range, gapMs)
    return mergeIntervals([...known, ...spans], gapMs).map(({ startMs, endMs }) => ({
      startMs: Math.max(startMs, range.fromMs),
      endMs: Math.min(endMs, range.toMs),
    }))
  }

  /** For each interval, whether anything was recorded in it. */
  async recordedIn(
    deviceId: number,
    channel: number,
    intervals: readonly Interval[],
  ): Promise<boolean[]> {
    const known = await this.index.recordedIn(deviceId, channel, intervals)
    const spans = this.ingest.live(deviceId, channel).map(sliceSpan)
    return intervals.map(
      ({ startMs: fromMs, endMs: toMs }, at) =>
        known[at] === true || spans.some((span) => overlaps(span, { fromMs, toMs })),
    )
  }

  async slice(deviceId: number, channel: number, id: string): Promise<Slice | undefined> {
    const live = this.ingest.live(deviceId, channel).find((slice) => slice.id === id)
    if (this.index.isShared) {
      // not kept: another instance may delete it
      const known = await this.index.slice(deviceId, channel, id)
      return live && !(known && isFurther(known, live)) ? live : known
    }
    if (live) return live
    const key = `${deviceId}/${channel}/${id}`
    const cached = this.#closed.get(key)
    if (cached) return cached
    const slice = await this.index.slice(deviceId, channel, id)
    if (slice?.state !== 'done') return slice
    // a device that is deleted takes its id with it, and a finished slice never changes
    if (this.#closed.size >= CACHE_SLICES) this.#closed.delete(this.#closed.keys().next().value!)
    this.#closed.set(key, slice)
    return slice
  }

  /** What was read of a device is not true any more. */
  forget(deviceId: number): void {
    for (const key of this.#closed.keys())
      if (key.startsWith(`${deviceId}/`)) this.#closed.delete(key)
  }

  /** The newest slice that has something to play. */
  async latest(deviceId: number, channel: number, beforeMs: number): Promise<Slice | undefined> {
    const live = this.ingest
      .live(deviceId, channel)
      .filter((slice) => playablePieces(slice).length > 0)
      .sort((a, b) => b.startUtcMs - a.startUtcMs)[0]
    return live ?? (await this.index.sliceBefore(deviceId, channel, beforeMs + SLICE_MAX_MS))
  }
}
