import { type Camera, getUsage, loadTimeline } from '../api/api.ts'
import { cameraKey } from '../labels.ts'
import { grabFrame } from './frame-grabber.ts'

const WIDTH_PX = 224
const REFRESH_MS = 60_000
/** The newest GOP may be unfinished. */
const BEHIND_MS = 1500
const RECENT_MS = 120_000

export type Snapshot = { url: string; atMs: number }

/** The last picture of each camera, decoded here: the server keeps recordings, not pictures of them. */
export class Snapshots {
  readonly #known = new Map<string, Snapshot>()
  readonly #triedMs = new Map<string, number>()
  #isBusy = false

  constructor(private readonly changed: () => void) {}

  get(camera: Camera): Snapshot | undefined {
    return this.#known.get(cameraKey(camera))
  }

  /** Takes a picture that was shown anyway. */
  put(camera: Camera, picture: HTMLCanvasElement, atMs: number): void {
    this.#known.set(cameraKey(camera), { url: picture.toDataURL('image/jpeg', 0.8), atMs })
    this.#triedMs.set(cameraKey(camera), Date.now())
    this.changed()
  }

  /** Fetches pictures that are missing or old, one after the other, so that playback has the line. */
  async refresh(cameras: readonly (Camera & { recording: boolean })[]): Promise<void> {
    if (this.#isBusy || document.hidden) return
    this.#isBusy = true
    try {
      for (const camera of cameras) {
        const key = cameraKey(camera)
        const triedMs = this.#triedMs.get(key)
        // what does not record has no newer picture
        if (triedMs !== undefined && (!camera.recording || Date.now() - triedMs < REFRESH_MS))
          continue
        this.#triedMs.set(key, Date.now())
        const atMs = await this.#newestMs(camera)
        const picture = atMs > 0 ? await grabFrame(camera, atMs, WIDTH_PX) : undefined
        if (picture) this.put(camera, picture, atMs)
        else if (camera.recording) this.#triedMs.delete(key)
      }
    } finally {
      this.#isBusy = false
    }
  }

  /** UTC of the newest picture that is surely there; 0 when there is none. */
  async #newestMs(camera: Camera & { recording: boolean }): Promise<number> {
    const nowMs = Date.now()
    if (camera.recording) {
      const range = { fromMs: nowMs - RECENT_MS, toMs: nowMs + RECENT_MS }
      const { recordings } = await loadTimeline(camera, range)
      const last = recordings.at(-1)
      if (last) return Math.max(last.startMs, last.endMs - BEHIND_MS)
    }
    const { channels } = await getUsage(camera)
    const newestMs = channels.find(({ channel }) => channel === camera.channel)?.newestMs ?? 0
    return newestMs === 0 ? 0 : newestMs - BEHIND_MS
  }
}
