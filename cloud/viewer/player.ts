import Hls, { ErrorTypes, Events, type HlsConfig } from 'hls.js/light'
import { type Camera, playlistUrl } from './api.ts'
import { isSame } from './devices.ts'

/** What one playlist covers; playback goes on with the next one at its end. */
const RANGE_MS = 60 * 60_000
/** Live: how far behind the newest finished GOP, and from when on to jump forward. */
const LIVE_BEHIND_S = 3
const LIVE_BEHIND_MAX_S = 15
const LIVE_BACK_MS = 20_000
/** A live list that is still empty is asked for again this often. */
const LIVE_RETRY_MS = 2000
const MEDIA_RECOVERIES_MAX = 3

export type PlayerMode = 'idle' | 'range' | 'live'

export type PlayerEvents = {
  /** playing, paused, waiting or mode changed */
  changed(): void
  failed(message: string): void
  /** the range is at its end: `atMs` is where playback should go on */
  ended(atMs: number): void
}

const explain = (details: string, status: number | undefined): string => {
  if (status === 401)
    return 'The session has ended. Open the page again by the address that the server printed.'
  if (status === 404) return 'This recording is gone.'
  if (details === 'bufferAddCodecError' || details === 'manifestIncompatibleCodecsError')
    return 'This browser cannot play the codec of this recording (H.265?).'
  return `Playback failed (${details}).`
}

/**
 * Plays by UTC. Always through hls.js, also where the browser plays HLS by itself: only hls.js tells which moment is
 * shown, and behaves the same everywhere.
 */
export class Player {
  mode: PlayerMode = 'idle'
  isWaiting = false
  #hls: Hls | undefined
  #camera: Camera | undefined
  #toMs = 0
  #retry: ReturnType<typeof setTimeout> | undefined
  #recoveries = 0

  constructor(
    readonly video: HTMLVideoElement,
    private readonly events: PlayerEvents,
  ) {
    for (const name of ['play', 'pause', 'playing', 'waiting', 'seeking', 'seeked'] as const)
      video.addEventListener(name, () => {
        if (name === 'waiting' || name === 'seeking') this.isWaiting = true
        if (name === 'playing' || name === 'seeked' || name === 'pause') this.isWaiting = false
        events.changed()
      })
    video.addEventListener('ended', () => {
      const camera = this.#camera
      if (!camera) return
      if (this.mode === 'range') events.ended(this.#endMs())
      else this.followLive(camera)
    })
  }

  get engine(): string {
    return this.#hls && this.#hls.media === this.video ? 'hls.js' : 'none'
  }

  /** UTC of the picture that is shown, or undefined while there is none. */
  get utcMs(): number | undefined {
    return this.#hls?.playingDate?.getTime()
  }

  get isPlaying(): boolean {
    return this.mode !== 'idle' && !this.video.paused
  }

  /** Plays from a moment on. Within what is loaded already it only seeks. */
  playAt(camera: Camera, utcMs: number): void {
    if (this.mode === 'range' && isSame(camera, this.#camera) && this.#seekLoaded(utcMs)) return
    this.#toMs = utcMs + RANGE_MS
    // a range that has no end yet looks live; it is not for following the newest picture
    const hls = this.#open('range', camera, { startPosition: 0 })
    hls.once(Events.LEVEL_UPDATED, (_, { details }) => {
      // the list begins with the GOP that the moment lies in
      const first = details.fragments[0]
      if (!first?.programDateTime) return
      const intoS = (utcMs - first.programDateTime) / 1000
      if (intoS > 0.05) this.video.currentTime = first.start + intoS
    })
    hls.loadSource(playlistUrl(camera, utcMs, this.#toMs))
  }

  /** Follows what is being recorded. */
  followLive(camera: Camera): void {
    const hls = this.#open('live', camera, {
      liveSyncDuration: LIVE_BEHIND_S,
      liveMaxLatencyDuration: LIVE_BEHIND_MAX_S,
      maxLiveSyncPlaybackRate: 1.1,
    })
    hls.loadSource(playlistUrl(camera, Date.now() - LIVE_BACK_MS))
  }

  /** Where the playlist ends: its last picture, or the end of what was asked for when nothing more was recorded. */
  #endMs(): number {
    const last = this.#hls?.latestLevelDetails?.fragments.at(-1)
    if (!last?.programDateTime) return this.#toMs
    return Math.ceil(last.programDateTime + last.duration * 1000)
  }

  toggle(): void {
    if (this.video.paused) void this.#play()
    else this.video.pause()
  }

  stop(): void {
    clearTimeout(this.#retry)
    this.#hls?.destroy()
    this.#hls = undefined
    this.video.removeAttribute('src')
    this.mode = 'idle'
    this.isWaiting = false
    this.events.changed()
  }

  #open(mode: PlayerMode, camera: Camera, config: Partial<HlsConfig>): Hls {
    clearTimeout(this.#retry)
    this.#hls?.destroy()
    this.#recoveries = 0
    this.mode = mode
    this.#camera = camera
    this.isWaiting = true
    const hls = new Hls({ workerPath: '/hls-worker.js', backBufferLength: 60, ...config })
    this.#hls = hls
    hls.on(Events.MANIFEST_PARSED, () => void this.#play())
    hls.on(Events.ERROR, (_, data) => {
      if (!data.fatal || this.#hls !== hls) return
      if (this.mode === 'live' && data.details === 'levelEmptyError') {
        this.#retry = setTimeout(() => this.followLive(camera), LIVE_RETRY_MS)
        return
      }
      if (data.type === ErrorTypes.MEDIA_ERROR && this.#recoveries++ < MEDIA_RECOVERIES_MAX) {
        hls.recoverMediaError()
        return
      }
      this.stop()
      this.events.failed(explain(data.details, data.response?.code))
    })
    hls.attachMedia(this.video)
    this.events.changed()
    return hls
  }

  async #play(): Promise<void> {
    try {
      await this.video.play()
    } catch (error) {
      // AbortError: another recording was chosen before this one began
      if ((error as Error).name === 'NotAllowedError')
        this.events.failed('The browser wants a click before it plays: press Play.')
    }
  }

  #seekLoaded(utcMs: number): boolean {
    const details = this.#hls?.latestLevelDetails
    const fragment = details?.fragments.find(
      ({ programDateTime: startMs, duration }) =>
        startMs !== null && utcMs >= startMs && utcMs < startMs + duration * 1000,
    )
    if (!fragment?.programDateTime) return false
    this.video.currentTime = fragment.start + (utcMs - fragment.programDateTime) / 1000
    void this.#play()
    return true
  }
}
