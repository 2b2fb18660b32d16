// the types of the light build are those of the whole one, and tests know no other
import type { HlsConfig } from 'hls.js'

/** So many stalls in so long: the line, or the camera's, does not follow. */
const STALLS_MAX = 3
const STALLS_MS = 45_000
/** Then live stays further behind for this long. */
const SAFE_MS = 5 * 60_000

/**
 * How close to the camera live is: `near` as close as the playlist allows, by parts of GOPs where it has them; `safe` three
 * segments behind, as players are by default.
 */
export type Pace = 'near' | 'safe'

/**
 * How far behind the newest picture that is listed, and from when on to jump forward. A list that has parts of GOPs says
 * itself how near one can be.
 */
export const LIVE_CONFIGS: Record<Pace, Partial<HlsConfig>> = {
  near: { liveSyncDuration: 3, liveMaxLatencyDuration: 15, maxLiveSyncPlaybackRate: 1.1 },
  safe: { liveSyncDurationCount: 3, liveMaxLatencyDurationCount: 10, lowLatencyMode: false },
}

/** Chooses it by what the line can do. */
export class LivePace {
  #stallsMs: number[] = []
  #safeUntilMs = Number.NEGATIVE_INFINITY

  at(nowMs: number): Pace {
    return nowMs < this.#safeUntilMs ? 'safe' : 'near'
  }

  /** The picture stood still. Says whether the pace is another one from now on. */
  stalled(nowMs: number): boolean {
    const before = this.at(nowMs)
    this.#stallsMs = [...this.#stallsMs.filter((atMs) => atMs > nowMs - STALLS_MS), nowMs]
    if (this.#stallsMs.length < STALLS_MAX) return false
    this.#stallsMs = []
    this.#safeUntilMs = nowMs + SAFE_MS
    return before === 'near'
  }
}
