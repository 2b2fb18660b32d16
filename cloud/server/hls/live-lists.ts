import type { Slice } from '../store/index/types.ts'

/** A player asks at least every few seconds; one that has not for this long has gone. */
const FORGET_MS = 120_000
const LISTS_MAX = 2000

type List = { seenMs: number; listed: Set<string>; late: Set<string>; lastMs: number }

/**
 * What live playlists have listed. A live list may only grow at its end, as players count its segments: a slice that
 * comes late, from a device's spool, with a time before what was listed already, is left out of the lists that run. It
 * is there for every other question, and for a player that goes back and asks for the range.
 *
 * What is remembered is small and lost at a restart; a player then may see a segment twice.
 */
export class LiveLists {
  readonly #lists = new Map<string, List>()

  /** Of slices in order of time those that the list may name. */
  admit(key: string, slices: readonly Slice[], nowMs: number): Slice[] {
    this.#forget(nowMs)
    const list = this.#lists.get(key) ?? {
      seenMs: nowMs,
      listed: new Set<string>(),
      late: new Set<string>(),
      lastMs: Number.NEGATIVE_INFINITY,
    }
    // the most recently asked for stand at the end
    this.#lists.delete(key)
    this.#lists.set(key, list)
    list.seenMs = nowMs
    const admitted = slices.filter((slice) => {
      if (list.listed.has(slice.id)) return true
      if (slice.startUtcMs < list.lastMs) list.late.add(slice.id)
      return !list.late.has(slice.id)
    })
    for (const { id, startUtcMs } of admitted) {
      list.listed.add(id)
      list.lastMs = Math.max(list.lastMs, startUtcMs)
    }
    return admitted
  }

  #forget(nowMs: number): void {
    for (const [key, list] of this.#lists) {
      if (list.seenMs > nowMs - FORGET_MS && this.#lists.size <= LISTS_MAX) return
      this.#lists.delete(key)
    }
  }
}
