import {
  type Camera,
  loadTimeline,
  type PlaylistRange,
  playlistUrl,
  type Recording,
} from '../api/api.ts'

/** Where recordings come from: the API with a session, or a shared link without one. */
export type Source = {
  playlistUrl(camera: Camera, range: PlaylistRange): string
  /** what is recorded from a moment on */
  recordingsFrom(camera: Camera, utcMs: number): Promise<readonly Recording[]>
}

const LOOK_AHEAD_MS = 86_400_000

export const API_SOURCE: Source = {
  playlistUrl,
  recordingsFrom: async (camera, utcMs) => {
    const range = { fromMs: utcMs, toMs: Math.max(Date.now(), utcMs + LOOK_AHEAD_MS) }
    return (await loadTimeline(camera, range)).recordings
  },
}
