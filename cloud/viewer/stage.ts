import type { Camera } from './api/api.ts'
import { durationText } from './format.ts'
import { t } from './i18n/index.ts'
import { isSame } from './labels.ts'
import { Player } from './playback/player.ts'
import { API_SOURCE, type Source } from './playback/source.ts'
import { momentText, timeText, type Zone } from './time.ts'
import { byId, h, icon, setIcon } from './ui/dom.ts'
import { report, tell, untell } from './ui/notice.ts'

/** A click this close before a recording means the recording. */
const SNAP_MS = 15_000
const SILENCE_MS = 10_000
/** The delay of live is told anew this often. */
const BEHIND_MS = 1000
/** How much of the last recording is shown when it is asked for. */
const LAST_MS = 30_000

export type StageEvents = {
  /** playback starts, stops or waits */
  changed(): void
  undecodable(atMs: number): void
}

/** The picture and what is below it: play, step, speed, sound, live. */
export class Stage {
  readonly video = byId<HTMLVideoElement>('video')
  readonly player: Player
  zone: Zone = 'UTC'
  #camera: Camera | undefined
  /** the moment that was asked for, until its picture is there */
  #targetMs: number | undefined
  #isSilent = false
  #askAgainMs = SILENCE_MS
  #behindDrawnMs = 0

  constructor(
    private readonly on: StageEvents,
    private readonly source: Source = API_SOURCE,
  ) {
    const events = {
      changed: () => this.draw(),
      failed: tell,
      undecodable: (atMs: number) => on.undecodable(atMs),
      interrupted: tell,
      resumed: untell,
      ended: (atMs: number) => void this.playFrom(atMs),
    }
    this.player = new Player(this.video, events, source)
    byId('play').addEventListener('click', () => this.player.toggle())
    byId('live').addEventListener('click', () => this.followLive())
    byId('frame-back').addEventListener('click', () => this.player.step(-1))
    byId('frame-next').addEventListener('click', () => this.player.step(1))
    byId('mute').addEventListener('click', () => this.toggleSound())
    byId('full').addEventListener('click', () => this.toggleFull())
    this.video.addEventListener('click', () => {
      if (this.player.mode !== 'idle') this.player.toggle()
    })
    this.video.addEventListener('dblclick', () => this.toggleFull())
    byId<HTMLSelectElement>('speed').addEventListener('change', ({ currentTarget }) =>
      this.setSpeed(Number((currentTarget as HTMLSelectElement).value)),
    )
    this.draw()
  }

  get camera(): Camera | undefined {
    return this.#camera
  }

  get utcMs(): number | undefined {
    return this.player.utcMs
  }

  /** Where playback is, or will be as soon as it can. */
  get aimMs(): number | undefined {
    return this.player.utcMs ?? this.#targetMs
  }

  setCamera(camera: Camera | undefined, empty: string): void {
    this.#camera = camera
    this.video.removeAttribute('poster')
    this.stop(empty)
  }

  stop(empty: string): void {
    this.#targetMs = undefined
    this.player.stop()
    byId('empty').replaceChildren(h('p', {}, empty))
  }

  /** While nothing plays: the last picture behind the words, and the way to what was recorded last. */
  offerLast({ url, atMs }: { url: string; atMs: number }): void {
    if (this.player.mode !== 'idle' || this.video.poster === url) return
    this.video.poster = url
    this.offer('play-last', 'play', t('stage.last'), () => void this.playFrom(atMs - LAST_MS))
  }

  /** While nothing plays: what one would do next. */
  offer(id: string, picture: string, text: string, onclick: () => void): void {
    const attributes = { type: 'button', class: 'button primary', id, onclick }
    const button = h('button', attributes, icon(picture), text)
    byId('empty').append(h('div', { class: 'actions' }, button))
  }

  /** Plays from a moment, or from the next recording after it. */
  async playFrom(utcMs: number): Promise<void> {
    const camera = this.#camera
    if (!camera) return
    this.player.leave()
    this.#targetMs = utcMs
    this.draw()
    try {
      untell()
      const recordings = await this.source.recordingsFrom(camera, utcMs)
      // another moment, or camera, was chosen meanwhile
      if (!isSame(camera, this.#camera) || this.#targetMs !== utcMs) return
      const next = recordings[0]
      if (!next) {
        this.stop(t('stage.nothing-after'))
        return
      }
      if (next.startMs - utcMs > SNAP_MS)
        tell(t('stage.skipped', { when: momentText(utcMs, this.zone) }))
      const atMs = Math.max(next.startMs, Math.floor(utcMs))
      this.#targetMs = atMs
      this.player.playAt(camera, atMs)
    } catch (error) {
      this.stop(t('stage.choose'))
      report(error)
    }
  }

  followLive(): void {
    if (!this.#camera) return
    untell()
    this.#targetMs = undefined
    this.setSpeed(1)
    this.player.followLive(this.#camera)
    this.on.changed()
  }

  toggleSound(): void {
    this.video.muted = !this.video.muted
    this.draw()
  }

  toggleFull(): void {
    if (document.fullscreenElement) void document.exitFullscreen()
    else void byId('stage').requestFullscreen().catch(report)
  }

  setSpeed(rate: number): void {
    this.video.playbackRate = rate
    this.video.defaultPlaybackRate = rate
    byId<HTMLSelectElement>('speed').value = String(rate)
  }

  /** The next faster or slower speed that the list offers. */
  shiftSpeed(way: 1 | -1): void {
    const select = byId<HTMLSelectElement>('speed')
    const next = select.options[select.selectedIndex + way]
    if (next) this.setSpeed(Number(next.value))
  }

  draw(): void {
    const { player } = this
    const isIdle = player.mode === 'idle'
    const playButton = byId<HTMLButtonElement>('play')
    playButton.disabled = isIdle
    playButton.setAttribute('aria-label', player.isPlaying ? t('pause') : t('play'))
    setIcon(playButton, player.isPlaying ? 'pause' : 'play')
    for (const id of ['frame-back', 'frame-next']) byId<HTMLButtonElement>(id).disabled = isIdle
    const live = byId<HTMLButtonElement>('live')
    live.disabled = this.#camera === undefined
    live.setAttribute('aria-pressed', String(player.mode === 'live'))
    byId<HTMLSelectElement>('speed').disabled = player.mode === 'live'
    const mute = byId('mute')
    mute.setAttribute('aria-label', this.video.muted ? t('sound.on') : t('sound.off'))
    setIcon(mute, this.video.muted ? 'mute' : 'sound')
    byId('empty').hidden = !isIdle || player.isWaiting
    byId('busy').hidden = !player.isWaiting
    byId('stage').classList.toggle('idle', isIdle)
    this.on.changed()
  }

  /** Live: how old the picture is. It changes at most once a second, so that it can be read. */
  #drawBehind(): void {
    const { behindMs, pace } = this.player
    const behind = byId('behind')
    behind.hidden = this.player.mode !== 'live'
    if (behind.hidden) behind.textContent = ''
    if (behindMs === undefined || performance.now() - this.#behindDrawnMs < BEHIND_MS) return
    this.#behindDrawnMs = performance.now()
    behind.textContent = t('live.behind', { length: durationText(behindMs) })
    behind.title = t(pace === 'near' ? 'live.near' : 'live.safe')
  }

  /** Called a few times a second. */
  tick(): void {
    const { player } = this
    const was = this.#isSilent
    // live, and nothing has come for so long that the person should know
    this.#isSilent = player.mode === 'live' && player.waitingMs > SILENCE_MS
    if (this.#isSilent && !was) tell(t('stage.silent'))
    if (was && !this.#isSilent) untell()
    // a camera that was started anew has left a slice that nobody ends: a list from later on goes past it
    if (this.#isSilent && player.waitingMs > this.#askAgainMs) {
      this.#askAgainMs = player.waitingMs + SILENCE_MS
      player.followLive(this.#camera!)
    }
    if (!this.#isSilent) this.#askAgainMs = SILENCE_MS
    const atMs = this.aimMs
    byId('position').textContent = atMs === undefined ? '–' : timeText(atMs, this.zone)
    this.#drawBehind()
  }
}
