import { type EventInfo, listDevices, type Session } from './api/api.ts'
import { t } from './i18n/index.ts'
import { type Command, listenToKeys } from './keys.ts'
import { isSame } from './labels.ts'
import { drawCameras, type Entry, entriesOf } from './panels/cameras.ts'
import { EventList, EventPictures, neighbour } from './panels/events.ts'
import { SelectionBar } from './panels/selection.ts'
import { grabShown } from './playback/frame-grabber.ts'
import { Snapshots } from './playback/snapshots.ts'
import { readPlace, writePlace } from './route.ts'
import { zoneOf } from './settings.ts'
import { Sheets } from './sheets.ts'
import { Stage } from './stage.ts'
import { Strip } from './strip.ts'
import { isoDate, timeText } from './time.ts'
import { byId, h, icon } from './ui/dom.ts'
import { poll, pollEvery, tell } from './ui/notice.ts'

const DEVICES_MS = 5000
const TIMELINE_MS = 4000
const SNAPSHOTS_MS = 10_000
const TICK_MS = 200
const SNAPSHOT_PX = 224
const SKIP_MS = 10_000
/** Or "earlier" would find the event that has just begun to play. */
const JUMP_TOLERANCE_MS = 500

/** The page of one person: cameras, picture, time line and events, kept in step with each other. */
export class App {
  chosen: Entry | undefined
  #entries: Entry[] = []
  #isEmpty = false
  #shownEvents: readonly EventInfo[] = []
  readonly stage: Stage
  readonly strip: Strip
  readonly #list: EventList
  readonly #selection: SelectionBar
  readonly #sheets: Sheets
  readonly #snapshots = new Snapshots(() => {
    this.#drawCameras()
    this.#offerLast()
  })

  constructor(private readonly session: Session) {
    this.#sheets = new Sheets({
      session,
      chosen: () => this.chosen,
      zone: () => this.strip.zone,
      zoneChanged: () => {
        this.#applyZone()
        this.#drawCameras()
      },
      camerasChanged: () => void poll(() => this.refreshCameras()),
      play: (entry, { blob, startMs }) => this.stage.player.playClip(entry, blob, startMs),
    })
    const pictures = new EventPictures(() => this.strip.timeline.draw())
    this.stage = new Stage({
      changed: () => {},
      undecodable: (atMs) => void this.#sheets.undecodable(atMs),
    })
    this.strip = new Strip(
      {
        chosen: (utcMs) => void this.stage.playFrom(utcMs),
        selected: (range) => this.#selection.show(range, this.strip.zone),
        loaded: (all, shown) => {
          this.#shownEvents = shown
          this.#list.draw(all, shown, this.strip.zone)
        },
      },
      pictures,
    )
    this.#list = new EventList({
      chosen: (event) => this.#playEvent(event),
      filtered: (filter) => this.strip.setFilter(filter),
    })
    this.#selection = new SelectionBar({
      changed: ({ fromMs, toMs }) => this.strip.timeline.select(fromMs, toMs),
      play: (fromMs) => void this.stage.playFrom(fromMs),
      exported: (range) => void this.#sheets.exportRange(range),
      shared: session.role === 'admin' ? (range) => void this.#sheets.share(range) : undefined,
      closed: () => this.strip.setSelecting(false),
    })
    this.#listen()
  }

  #listen(): void {
    byId('event-before').addEventListener('click', () => this.#jump(-1))
    byId('event-after').addEventListener('click', () => this.#jump(1))
    byId('help').addEventListener('click', () => this.#run('help'))
    byId('settings').addEventListener('click', () => void this.#sheets.settings())
    byId('zone').addEventListener('click', () => void this.#sheets.settings())
    byId('camera-info').addEventListener('click', () => void this.#sheets.camera())
    const add = byId('add-camera')
    add.hidden = this.session.role !== 'admin'
    add.addEventListener('click', () => void this.#sheets.addCamera())
    const out = byId('logout')
    out.hidden = false
    out.addEventListener('click', () => void this.#sheets.logout())
    this.#drawNoCameras()
    listenToKeys((command) => this.#run(command))
  }

  /** Shows what the address names, or the first camera that records. */
  async start(): Promise<void> {
    this.#applyZone()
    setInterval(() => this.#tick(), TICK_MS)
    await poll(() => this.refreshCameras())
    pollEvery(DEVICES_MS, () => this.refreshCameras())
    pollEvery(TIMELINE_MS, () => this.strip.refresh())
    pollEvery(SNAPSHOTS_MS, () => this.#refreshSnapshots())
    await poll(() => this.#refreshSnapshots())
  }

  // ── cameras ─────────────────────────────────────────────────────────────────────────────────────

  #drawCameras(): void {
    const options = { zone: this.strip.zone, snapshots: this.#snapshots }
    drawCameras(this.#entries, this.chosen, {
      ...options,
      choose: (entry) => void this.choose(entry),
    })
  }

  #offerLast(): void {
    const last = this.chosen && this.#snapshots.get(this.chosen)
    if (last && !this.chosen?.recording) this.stage.offerLast(last)
  }

  #drawNoCameras(): void {
    const isAdmin = this.session.role === 'admin'
    byId('no-devices').replaceChildren(
      icon('camera'),
      h('strong', {}, t('add.none')),
      h('span', {}, t(isAdmin ? 'add.none-admin' : 'add.none-viewer')),
    )
  }

  async refreshCameras(): Promise<void> {
    this.#entries = entriesOf(await listDevices())
    if (!this.chosen) await this.#chooseFirst()
    const known = this.#entries.find((entry) => isSame(entry, this.chosen))
    if (known && this.chosen) {
      const hasBegun = known.recording && !this.chosen.recording
      this.chosen = known
      this.#drawTitle(known)
      // the page is often open before its camera is: it shows then what it would have shown
      if (hasBegun && this.stage.player.mode === 'idle') this.stage.followLive()
    } else if (this.chosen) {
      // it was deleted
      this.chosen = undefined
      await this.#chooseFirst()
    }
    this.#drawCameras()
  }

  #drawTitle({ title }: Entry): void {
    document.title = `${title} · Skyrill`
    byId('stage-title').textContent = title
    byId('camera-info').hidden = false
  }

  async #chooseFirst(): Promise<void> {
    const place = readPlace(location.hash)
    const named = this.#entries.find((entry) => isSame(entry, place?.camera))
    const first = named ?? this.#entries.find((entry) => entry.recording) ?? this.#entries[0]
    if (first) await this.choose(first, named ? place?.atMs : undefined)
    else if (!this.#isEmpty) this.#showNoCamera()
    this.#isEmpty = first === undefined
  }

  #showNoCamera(): void {
    this.strip.setCamera(undefined)
    this.strip.showDay(isoDate(Date.now(), this.strip.zone))
    this.stage.setCamera(undefined, t('stage.no-camera'))
    document.title = 'Skyrill'
    byId('stage-title').textContent = ''
    byId('camera-info').hidden = true
    if (this.session.role === 'admin')
      this.stage.offer('add-first', 'plus', t('add.title'), () => void this.#sheets.addCamera())
  }

  async choose(entry: Entry, atMs?: number): Promise<void> {
    if (isSame(entry, this.chosen)) return
    this.chosen = entry
    const hasNever = !entry.online && entry.device.lastSeenMs === 0
    this.stage.setCamera(entry, t(hasNever ? 'stage.waiting' : 'stage.choose'))
    this.strip.setCamera(entry)
    this.#drawTitle(entry)
    this.#applyZone()
    this.#drawCameras()
    this.strip.showDay(isoDate(atMs ?? Date.now(), this.strip.zone))
    if (atMs !== undefined) void this.stage.playFrom(atMs)
    else if (entry.recording) this.stage.followLive()
    else this.#offerLast()
    await this.strip.refresh()
  }

  async #refreshSnapshots(): Promise<void> {
    const { chosen, stage } = this
    const isLive = chosen && stage.player.mode === 'live' && stage.utcMs !== undefined
    if (isLive) {
      const picture = grabShown(stage.video, SNAPSHOT_PX)
      if (picture) this.#snapshots.put(chosen, picture, Date.now())
    }
    await this.#snapshots.refresh(this.#entries)
  }

  // ── time and events ─────────────────────────────────────────────────────────────────────────────

  #applyZone(): void {
    const zone = zoneOf(this.chosen?.device.timeZone)
    const { strip } = this
    this.stage.zone = zone
    const button = byId('zone')
    button.textContent = zone
    button.setAttribute('aria-label', t('zone.change', { zone }))
    if (zone === strip.zone) return
    strip.zone = zone
    strip.showDay(isoDate(this.stage.aimMs ?? Date.now(), zone))
  }

  #playEvent(event: EventInfo): void {
    this.strip.reveal(event.videoStartMs)
    void this.stage.playFrom(event.videoStartMs)
  }

  #jump(way: 1 | -1): void {
    const atMs = (this.stage.aimMs ?? Date.now()) + way * JUMP_TOLERANCE_MS
    const event = neighbour(this.strip.timeline.events, atMs, way)
    if (event) this.#playEvent(event)
    else tell(way > 0 ? t('event.none-later') : t('event.none-earlier'))
  }

  #tick(): void {
    this.stage.tick()
    byId('clock').textContent = timeText(Date.now(), this.strip.zone)
    const { timeline } = this.strip
    const atMs = this.stage.aimMs
    if (atMs === timeline.positionMs) return
    this.strip.follow(timeline.positionMs, atMs)
    timeline.positionMs = atMs
    timeline.draw()
    this.#list.mark(atMs, this.#shownEvents)
    if (this.chosen)
      writePlace({
        camera: this.chosen,
        atMs: this.stage.player.mode === 'range' ? atMs : undefined,
      })
  }

  #run(command: Command): void {
    const { stage } = this
    const skip = (ms: number) => {
      if (stage.aimMs === undefined) return
      this.strip.timeline.moveCursor(undefined)
      void stage.playFrom(stage.aimMs + ms)
    }
    const commands: Record<Command, () => void> = {
      toggle: () => stage.player.toggle(),
      live: () => stage.followLive(),
      back: () => skip(-SKIP_MS),
      forward: () => skip(SKIP_MS),
      frameBack: () => stage.player.step(-1),
      frameNext: () => stage.player.step(1),
      eventBefore: () => this.#jump(-1),
      eventAfter: () => this.#jump(1),
      slower: () => stage.shiftSpeed(-1),
      faster: () => stage.shiftSpeed(1),
      sound: () => stage.toggleSound(),
      full: () => stage.toggleFull(),
      select: () => this.strip.toggleSelecting(),
      help: () => void this.#sheets.help(),
    }
    commands[command]()
  }
}
