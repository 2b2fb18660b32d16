import { type Camera, type EventInfo, listDays, type Recording } from './api/api.ts'
import { durationText } from './format.ts'
import { t } from './i18n/index.ts'
import { Calendar } from './panels/calendar.ts'
import { type EventPictures, isShown } from './panels/events.ts'
import { addDays, dateText, daySpan, isoDate, shortDateText, type Zone } from './time.ts'
import { daysOf, type TimelineData, TimelineLoader } from './timeline/data.ts'
import { Preview } from './timeline/preview.ts'
import { Timeline } from './timeline/timeline.ts'
import { contains, spanOf, type View } from './timeline/view.ts'
import { byId } from './ui/dom.ts'
import { poll, report } from './ui/notice.ts'

const LOAD_DELAY_MS = 120
/** The hovered moment belongs to an event that is this near. */
const NEAR_PX = 12

export type StripEvents = {
  chosen(utcMs: number): void
  selected(range: View | undefined): void
  /** there is something new to show: data, or another part of it */
  loaded(all: readonly EventInfo[], shown: readonly EventInfo[]): void
}

/** The time line with all that belongs to it: day, calendar, zoom, small pictures, loading. */
export class Strip {
  readonly timeline: Timeline
  zone: Zone = 'UTC'
  #camera: Camera | undefined
  #loader: TimelineLoader | undefined
  #filter = 'all'
  #delay: ReturnType<typeof setTimeout> | undefined
  readonly #preview = new Preview()
  readonly #calendar: Calendar

  constructor(
    private readonly on: StripEvents,
    private readonly pictures: EventPictures,
  ) {
    this.timeline = new Timeline(byId<HTMLCanvasElement>('timeline'), {
      chosen: (utcMs) => on.chosen(utcMs),
      hovered: (utcMs, x) => this.#hover(utcMs, x),
      viewed: () => this.#viewed(),
      selected: (range) => on.selected(range),
      pictureOf: (event) => pictures.get(event),
    })
    this.#calendar = new Calendar({
      chosen: (date) => this.showDay(date),
      today: () => this.#today,
      load: async (from, to) => {
        if (!this.#camera) return []
        return listDays(this.#camera, from, to, this.zone).catch((error) => {
          report(error)
          return []
        })
      },
    })
    byId('day').addEventListener('click', () => this.#calendar.toggle(this.date))
    byId('day-before').addEventListener('click', () => this.showDay(addDays(this.date, -1)))
    byId('day-after').addEventListener('click', () => this.showDay(addDays(this.date, 1)))
    byId('zoom-in').addEventListener('click', () => this.timeline.zoom(0.5))
    byId('zoom-out').addEventListener('click', () => this.timeline.zoom(2))
    byId<HTMLSelectElement>('span').addEventListener('change', ({ currentTarget }) =>
      this.timeline.zoomTo(Number((currentTarget as HTMLSelectElement).value)),
    )
    byId('select').addEventListener('click', () => this.toggleSelecting())
  }

  get #today(): string {
    return isoDate(Date.now(), this.zone)
  }

  /** The day that is in the middle of what is shown. */
  get date(): string {
    const { fromMs, toMs } = this.timeline.view
    return isoDate((fromMs + toMs) / 2, this.zone)
  }

  setCamera(camera: Camera | undefined): void {
    this.#camera = camera
    this.timeline.select()
    this.setSelecting(false)
    this.timeline.clear()
    this.#loader = camera && new TimelineLoader(camera, (data) => this.#loaded(data))
  }

  showDay(date: string): void {
    const { fromMs, toMs } = daySpan(date, this.zone)
    this.timeline.zone = this.zone
    this.timeline.moveCursor(undefined)
    this.timeline.show(fromMs, toMs - fromMs)
  }

  /** Brings a moment into view, with the zoom as it is. */
  reveal(utcMs: number): void {
    const { view } = this.timeline
    this.timeline.moveCursor(undefined)
    if (!contains(view, utcMs)) this.timeline.show(utcMs - spanOf(view) / 2, spanOf(view))
  }

  /** Follows playback out of view, unless the person has moved elsewhere. */
  follow(beforeMs: number | undefined, nowMs: number | undefined): void {
    const { view } = this.timeline
    if (nowMs === undefined || contains(view, nowMs)) return
    if (beforeMs !== undefined && !contains(view, beforeMs)) return
    const span = spanOf(view)
    this.timeline.show(nowMs - span * (nowMs < view.fromMs ? 0.9 : 0.1), span)
  }

  setFilter(filter: string): void {
    this.#filter = filter
    this.#loaded(this.timeline.data)
  }

  toggleSelecting(): void {
    this.setSelecting(!this.timeline.isSelecting)
  }

  /** Selecting starts with a range around where one is, so that keys alone can do it. */
  setSelecting(isOn: boolean): void {
    const { timeline } = this
    timeline.isSelecting = isOn
    byId('select').setAttribute('aria-pressed', String(isOn))
    if (!isOn) timeline.select()
    else if (!timeline.selection) {
      const width = spanOf(timeline.view) / 12
      timeline.select(timeline.cursorMs - width / 2, timeline.cursorMs + width / 2)
    }
  }

  async refresh(): Promise<void> {
    await this.#loader?.load(this.timeline.view, this.zone, true)
  }

  #viewed(): void {
    this.#drawDay()
    this.#summarize()
    clearTimeout(this.#delay)
    this.#delay = setTimeout(() => {
      const loader = this.#loader
      if (loader) void poll(() => loader.load(this.timeline.view, this.zone, false))
    }, LOAD_DELAY_MS)
  }

  #drawDay(): void {
    const { view } = this.timeline
    const first = isoDate(view.fromMs, this.zone)
    const last = isoDate(view.toMs - 1, this.zone)
    const isOneDay = first === last
    byId('day').querySelector('span')!.textContent = isOneDay
      ? dateText(view.fromMs, this.zone)
      : `${shortDateText(view.fromMs, this.zone)} – ${shortDateText(view.toMs - 1, this.zone)}`
    byId<HTMLButtonElement>('day-after').disabled = this.date >= this.#today
    const select = byId<HTMLSelectElement>('span')
    const spanMs = spanOf(view)
    const fits = [...select.options].find(
      ({ value }) => Math.abs(Number(value) - spanMs) < spanMs * 0.05,
    )
    const custom = select.querySelector<HTMLOptionElement>('[value=custom]')!
    custom.textContent = durationText(spanMs)
    select.value = fits?.value ?? 'custom'
  }

  #loaded(data: TimelineData): void {
    const { timeline } = this
    timeline.data = data
    timeline.events = data.events.filter((event) => isShown(event, this.#filter))
    timeline.changed()
    this.#summarize()
  }

  /** What there is of the part that is shown. */
  #summarize(): void {
    const { data, view, events } = this.timeline
    const inView = ({ startMs, endMs }: { startMs: number; endMs: number | null }) =>
      startMs < view.toMs && (endMs ?? data.nowMs) >= view.fromMs
    const length = (parts: readonly Recording[]) =>
      parts
        .filter(inView)
        .reduce(
          (sum, p) => sum + Math.min(p.endMs, view.toMs) - Math.max(p.startMs, view.fromMs),
          0,
        )
    const lostMs = length(data.losses)
    // a strip of days has recordings joined that lie close together; what is known to be lost is none of them
    const joined = data.losses
      .filter(inView)
      .filter((loss) =>
        data.recordings.some((r) => loss.startMs >= r.startMs && loss.endMs <= r.endMs),
      )
    const totalMs = length(data.recordings) - length(joined)
    const texts = [
      totalMs === 0
        ? t('summary.nothing')
        : t('summary.recorded', { length: durationText(totalMs) }),
      lostMs === 0 ? '' : t('summary.lost', { length: durationText(lostMs) }),
    ]
    const isLoading = data.nowMs === 0
    const told = isLoading ? t('loading') : texts.filter((text) => text !== '').join(' · ')
    byId('summary').textContent = this.#camera ? told : ''
    const days = daysOf(view, this.zone)
    const inDays = ({ startMs, endMs }: EventInfo) =>
      startMs < days.toMs && (endMs ?? data.nowMs) >= days.fromMs
    this.on.loaded(data.events.filter(inDays), events.filter(inDays))
  }

  #hover(utcMs: number | undefined, x: number): void {
    const camera = this.#camera
    if (utcMs === undefined || !camera) {
      this.#preview.hide()
      return
    }
    const { timeline } = this
    const stripWidth = byId('timeline').clientWidth
    const perPxMs = spanOf(timeline.view) / stripWidth
    const event = timeline.events.find(
      ({ startMs, endMs }) =>
        utcMs >= startMs - NEAR_PX * perPxMs &&
        utcMs <= Math.max(endMs ?? startMs, startMs + NEAR_PX * perPxMs),
    )
    const isRecorded = timeline.data.recordings.some(
      ({ startMs, endMs }) => utcMs >= startMs && utcMs < endMs,
    )
    this.#preview.show({
      ...{ camera, utcMs, x, stripWidth, perPxMs, isRecorded, event },
      text: timeline.textAt(utcMs),
      zone: this.zone,
      eventPicture: event && this.pictures.get(event),
    })
  }
}
