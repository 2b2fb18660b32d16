import { EVENTS_MAX, type EventInfo } from '../api/api.ts'
import { t } from '../i18n/index.ts'
import { eventDetail, eventTitle } from '../labels.ts'
import { isoDate, shortDateText, timeText, type Zone } from '../time.ts'
import { byId, h, icon } from '../ui/dom.ts'

/** What the filter lets through: `all`, those with a result of an analysis, or one kind by its number. */
export type EventFilter = string
const ALL = 'all'
const ANALYSED = 'ai'

export const isShown = (event: EventInfo, filter: EventFilter): boolean => {
  if (filter === ALL) return true
  return filter === ANALYSED ? event.aiText !== null : filter === String(event.eventId)
}

/** Pictures of events for the time line: loaded when first asked for. */
export class EventPictures {
  readonly #images = new Map<string, HTMLImageElement>()

  constructor(private readonly loaded: () => void) {}

  get({ picture }: EventInfo): HTMLImageElement | undefined {
    if (picture === null) return undefined
    let image = this.#images.get(picture)
    if (!image) {
      image = new Image()
      image.addEventListener('load', this.loaded)
      image.src = picture
      this.#images.set(picture, image)
    }
    return image.complete && image.naturalWidth > 0 ? image : undefined
  }
}

const card = (event: EventInfo, when: string, choose: (event: EventInfo) => void): HTMLLIElement =>
  h(
    'li',
    {},
    h(
      'button',
      {
        type: 'button',
        class: 'event',
        'data-event': event.key,
        'data-running': event.state === 'running',
        onclick: () => choose(event),
      },
      event.picture === null
        ? h('span', { class: 'shot' }, icon('camera'))
        : h('img', { class: 'shot', loading: 'lazy', alt: '', src: event.picture }),
      h('time', { class: 'when' }, when),
      h('span', { class: 'name' }, eventTitle(event)),
      h('span', { class: 'detail' }, eventDetail(event)),
      event.aiText !== null && h('span', { class: 'ai' }, event.aiText),
    ),
  )

/** The events of what the time line shows, newest first; one that is chosen is played from the beginning of its video. */
export class EventList {
  filter: EventFilter = ALL
  /** What the list was drawn from: it is drawn again only when that changes, so that pictures do not flicker. */
  #drawn = ''
  #kinds = ''
  readonly #list = byId<HTMLOListElement>('events')
  readonly #select = byId<HTMLSelectElement>('event-kind')

  constructor(
    private readonly on: { chosen(event: EventInfo): void; filtered(filter: EventFilter): void },
  ) {
    this.#select.addEventListener('change', () => {
      this.filter = this.#select.value
      on.filtered(this.filter)
    })
    this.#drawKinds([])
  }

  /** Kinds that there are, each named as its newest event is. */
  #drawKinds(events: readonly EventInfo[]): void {
    const kinds = new Map(events.map((event) => [String(event.eventId), eventTitle(event)]))
    if (events.some(({ aiText }) => aiText !== null)) kinds.set(ANALYSED, t('events.analysed'))
    if (this.filter !== ALL && !kinds.has(this.filter))
      kinds.set(this.filter, this.#select.selectedOptions[0]?.text ?? '')
    const key = JSON.stringify([...kinds])
    if (key === this.#kinds) return
    this.#kinds = key
    const options = [[ALL, t('events.all')] as const, ...kinds]
    this.#select.replaceChildren(
      ...options.map(([value, text]) =>
        h('option', { value, selected: value === this.filter }, text),
      ),
    )
  }

  /** `all` says which kinds there are, `shown` are those that the filter lets through. */
  draw(all: readonly EventInfo[], shown: readonly EventInfo[], zone: Zone): void {
    this.#drawKinds(all)
    const key = JSON.stringify([zone, shown, all.length])
    if (key === this.#drawn) return
    this.#drawn = key
    const count = all.length >= EVENTS_MAX ? `${EVENTS_MAX}+` : String(shown.length)
    byId('events-count').textContent = shown.length === 0 ? '' : count
    const empty = byId('no-events')
    empty.hidden = shown.length > 0
    empty.textContent = all.length === 0 ? t('events.none') : t('events.filtered')
    const focused = (document.activeElement as HTMLElement | null)?.dataset.event
    const days = new Set(shown.map(({ startMs }) => isoDate(startMs, zone)))
    const when = (ms: number) =>
      days.size > 1 ? `${shortDateText(ms, zone)} ${timeText(ms, zone)}` : timeText(ms, zone)
    this.#list.replaceChildren(
      ...shown.toReversed().map((event) => card(event, when(event.startMs), this.on.chosen)),
    )
    if (focused !== undefined)
      this.#list.querySelector<HTMLElement>(`[data-event="${CSS.escape(focused)}"]`)?.focus()
  }

  /** Marks the event whose video is playing. */
  mark(utcMs: number | undefined, shown: readonly EventInfo[]): void {
    const playing =
      utcMs === undefined
        ? undefined
        : shown.findLast(
            ({ videoStartMs, videoEndMs }) =>
              utcMs >= videoStartMs && utcMs < (videoEndMs ?? Number.POSITIVE_INFINITY),
          )
    for (const button of this.#list.querySelectorAll<HTMLElement>('.event')) {
      const isPlaying = button.dataset.event === playing?.key
      if (isPlaying !== (button.getAttribute('aria-current') === 'true'))
        button.setAttribute('aria-current', String(isPlaying))
    }
  }
}

/** The event after a moment, or before it. */
export const neighbour = (
  events: readonly EventInfo[],
  atMs: number,
  way: 1 | -1,
): EventInfo | undefined =>
  way > 0
    ? events.find((event) => event.videoStartMs > atMs)
    : events.findLast((event) => event.videoStartMs < atMs)
