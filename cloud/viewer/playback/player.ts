import Hls, { type ErrorData, ErrorDetails, ErrorTypes, Events, type HlsConfig } from 'hls.js/light'
import type { Camera } from '../api/api.ts'
import { requestText } from '../api/request.ts'
import { t } from '../i18n/index.ts'
import { isSame } from '../labels.ts'
import { serverNowMs } from '../server-clock.ts'
import { explain, isCodecFault } from './explain.ts'
import { FrameClock } from './frame-clock.ts'
import { LIVE_CONFIGS, LivePace, type Pace } from './live-pace.ts'
import { MediaLinks } from './media-links.ts'
import { mediaLoader } from './media-loader.ts'
import type { Source } from './source.ts'

/** What one playlist covers; playback goes on with the next one at its end. */
const RANGE_MS = 60 * 60_000
const LIVE_BACK_MS = 20_000
/** The picture stands still for longer than one decoder, or one busy moment, takes. */
const STALL_MS = 400
/** What the server could not give is asked for again this often. */
const RETRY_MS = 2000
/** Kept before what is shown, and loaded ahead: a person looks here and there, and the line may be a phone's. */
const BUFFER_S = 60
const MEDIA_RECOVERIES_MAX = 3
/** Statuses that asking again does not change. */
const FINAL_STATUSES = [401, 403, 404, 410]

/** `clip`: a file that was made in the page */
export type PlayerMode = 'idle' | 'range' | 'live' | 'clip'

export type PlayerEvents = {
  /** playing, paused, waiting or mode changed */
  changed(): void
  failed(message: string): void
  /** this browser has no decoder for what was recorded from `atMs` on */
  undecodable(atMs: number): void
  /** it is tried again by itself; `resumed` follows when that works */
  interrupted(message: string): void
  resumed(): void
  /** the range is at its end: `atMs` is where playback should go on */
  ended(atMs: number): void
}

/**
 * Plays by UTC. Always through hls.js, also where the browser plays HLS by itself: only hls.js tells which moment is
 * shown, and behaves the same everywhere.
 */
export class Player {
  mode: PlayerMode = 'idle'
  #waitingSinceMs: number | undefined
  #isInterrupted = false
  #hls: Hls | undefined
  #camera: Camera | undefined
  #fromMs = 0
  #toMs = 0
  #retry: ReturnType<typeof setTimeout> | undefined
  #recoveries = 0
  #clipUrl: string | undefined
  readonly #frames: FrameClock
  readonly #pace = new LivePace()
  /** a picture was shown of what was opened last */
  #hasPlayed = false
  /** a jump was asked for, and where its recording is, is still being looked up */
  #isLeaving = false

  constructor(
    readonly video: HTMLVideoElement,
    private readonly events: PlayerEvents,
    private readonly source: Pick<Source, 'playlistUrl'>,
  ) {
    this.#frames = new FrameClock(video)
    for (const name of ['play', 'pause', 'playing', 'waiting', 'seeking', 'seeked'] as const)
      video.addEventListener(name, () => {
        if (name === 'waiting' || name === 'seeking') this.#wait()
        if (name === 'playing') this.#noteStall()
        if (name === 'playing' || name === 'seeked' || name === 'pause')
          this.#waitingSinceMs = undefined
        if (name === 'playing' && this.#isInterrupted) {
          this.#isInterrupted = false
          events.resumed()
        }
        events.changed()
      })
    video.addEventListener('ended', () => {
      const camera = this.#camera
      if (!camera) return
      if (this.mode !== 'live') events.ended(this.#endMs())
      else this.followLive(camera)
    })
  }

  #wait(): void {
    this.#waitingSinceMs ??= performance.now()
  }

  /** Live goes further behind when the line cannot follow. A tab that nobody sees is slowed down by the browser. */
  #noteStall(): void {
    const isStall = this.#hasPlayed && this.mode === 'live' && this.waitingMs > STALL_MS
    this.#hasPlayed = true
    if (!isStall || document.hidden || !this.#pace.stalled(performance.now())) return
    this.followLive(this.#camera!)
  }

  /** How close to the camera live is at present. */
  get pace(): Pace {
    return this.#pace.at(performance.now())
  }

  /** Live: how old the picture is that is shown. */
  get behindMs(): number | undefined {
    const atMs = this.mode === 'live' ? this.utcMs : undefined
    return atMs === undefined ? undefined : Math.max(0, serverNowMs() - atMs)
  }

  /** How long the next picture has been missing. */
  get waitingMs(): number {
    return this.#waitingSinceMs === undefined ? 0 : performance.now() - this.#waitingSinceMs
  }

  get isWaiting(): boolean {
    return this.#waitingSinceMs !== undefined
  }

  get engine(): string {
    return this.#hls && this.#hls.media === this.video ? 'hls.js' : 'none'
  }

  /** UTC of the picture that is shown; undefined while there is none, or while it is about to be left. */
  get utcMs(): number | undefined {
    if (this.#isLeaving || this.video.seeking) return undefined
    if (this.mode === 'clip') return this.#fromMs + this.video.currentTime * 1000
    return this.#hls?.playingDate?.getTime()
  }

  /** Says that `playAt` or `stop` follows: what is shown until then is not what was asked for. */
  leave(): void {
    this.#isLeaving = true
    this.#wait()
    this.events.changed()
  }

  get isPlaying(): boolean {
    return this.mode !== 'idle' && !this.video.paused
  }

  /** Plays from a moment on. Within what is loaded already it only seeks. */
  playAt(camera: Camera, utcMs: number): void {
    this.#isLeaving = false
    if (this.mode === 'range' && isSame(camera, this.#camera) && this.#seekLoaded(utcMs)) return
    this.#openRange(camera, utcMs)
  }

  #openRange(camera: Camera, utcMs: number): void {
    this.#fromMs = utcMs
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
    hls.loadSource(this.source.playlistUrl(camera, { fromMs: utcMs, toMs: this.#toMs }))
  }

  /** Follows what is being recorded. */
  followLive(camera: Camera): void {
    const { pace } = this
    const hls = this.#open('live', camera, LIVE_CONFIGS[pace])
    hls.on(Events.LEVEL_LOADED, (_, { details }) => {
      if (details.partHoldBack > 0) hls.config.liveSyncDuration = details.partHoldBack
    })
    const latency = pace === 'near' ? 'low' : undefined
    hls.loadSource(this.source.playlistUrl(camera, { latency }))
  }

  /** Plays a file that was made in the page and begins at a moment. */
  playClip(camera: Camera, clip: Blob, startMs: number): void {
    this.stop()
    this.mode = 'clip'
    this.#camera = camera
    this.#fromMs = startMs
    this.#clipUrl = URL.createObjectURL(clip)
    this.video.src = this.#clipUrl
    void this.#play()
    this.events.changed()
  }

  #closeClip(): void {
    if (this.#clipUrl === undefined) return
    URL.revokeObjectURL(this.#clipUrl)
    this.#clipUrl = undefined
    this.video.removeAttribute('src')
  }

  /** Where the playlist ends: its last picture, or the end of what was asked for when nothing more was recorded. */
  #endMs(): number {
    if (this.mode === 'clip') return Math.ceil(this.#fromMs + this.video.duration * 1000)
    const last = this.#hls?.latestLevelDetails?.fragments.at(-1)
    if (!last?.programDateTime) return this.#toMs
    return Math.ceil(last.programDateTime + last.duration * 1000)
  }

  toggle(): void {
    if (this.video.paused) void this.#play()
    else this.video.pause()
  }

  /** Stops and shows the picture after this one, or the one before it. */
  step(way: 1 | -1): void {
    if (this.mode !== 'idle') this.#frames.step(way)
  }

  stop(): void {
    clearTimeout(this.#retry)
    this.#hls?.destroy()
    this.#hls = undefined
    this.#closeClip()
    this.video.removeAttribute('src')
    this.mode = 'idle'
    this.#isLeaving = false
    this.#isInterrupted = false
    this.#waitingSinceMs = undefined
    this.events.changed()
  }

  #open(mode: PlayerMode, camera: Camera, config: Partial<HlsConfig>): Hls {
    clearTimeout(this.#retry)
    this.#hls?.destroy()
    this.#closeClip()
    this.#recoveries = 0
    this.#hasPlayed = false
    this.#isLeaving = false
    this.mode = mode
    this.#camera = camera
    this.#wait()
    const links = new MediaLinks(() => requestText(hls.levels[0]?.uri ?? ''))
    const hls: Hls = new Hls({
      workerPath: '/hls-worker.js',
      backBufferLength: BUFFER_S,
      maxMaxBufferLength: BUFFER_S,
      loader: mediaLoader(links),
      ...config,
    })
    this.#hls = hls
    hls.on(Events.MANIFEST_PARSED, () => void this.#play())
    hls.on(Events.ERROR, (_, data) => {
      if (!data.fatal || this.#hls !== hls) return
      if (this.#recovers(hls, camera, data)) return
      const atMs = this.mode === 'live' ? serverNowMs() - LIVE_BACK_MS : this.#fromMs
      this.stop()
      if (isCodecFault(data.details)) this.events.undecodable(atMs)
      else this.events.failed(explain(data.details, data.response?.code))
    })
    hls.attachMedia(this.video)
    this.events.changed()
    return hls
  }

  /** Does what can be done about a fatal fault; false when that is nothing. */
  #recovers(hls: Hls, camera: Camera, data: ErrorData): boolean {
    if (isCodecFault(data.details)) return false
    if (data.type === ErrorTypes.MEDIA_ERROR) {
      if (this.#recoveries++ >= MEDIA_RECOVERIES_MAX) return false
      hls.recoverMediaError()
      return true
    }
    const status = data.response?.code ?? 0
    if (data.type !== ErrorTypes.NETWORK_ERROR || FINAL_STATUSES.includes(status)) return false
    const atMs = this.utcMs ?? this.#fromMs
    this.#isInterrupted = true
    // an empty list is no fault: what the camera sends now is not a whole GOP yet
    if (data.details !== ErrorDetails.LEVEL_EMPTY_ERROR)
      this.events.interrupted(t('fault.retrying'))
    this.#retry = setTimeout(() => {
      if (this.mode === 'live') this.followLive(camera)
      else this.#openRange(camera, atMs)
    }, RETRY_MS)
    return true
  }

  async #play(): Promise<void> {
    try {
      await this.video.play()
    } catch (error) {
      // AbortError: another recording was chosen before this one began
      if ((error as Error).name === 'NotAllowedError') this.events.failed(t('fault.click'))
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
