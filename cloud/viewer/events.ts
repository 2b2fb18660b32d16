import type { EventInfo } from './api.ts'
import { byId } from './dom.ts'
import { durationText, timeText, type Zone } from './time.ts'

const STATES = {
  running: 'going on',
  finished: '',
  partial: 'not all of it is recorded',
  failed: 'nothing of it is recorded',
} as const

export const eventTitle = (event: EventInfo): string => event.info || `Event ${event.eventId}`

const detail = (event: EventInfo): string => {
  const length =
    event.isMoment || event.endMs === null ? '' : durationText(event.endMs - event.startMs)
  return [length, STATES[event.state], event.aiText ?? ''].filter((text) => text !== '').join(' · ')
}

const element = <Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className: string,
  text = '',
): HTMLElementTagNameMap[Tag] =>
  Object.assign(document.createElement(tag), { className, textContent: text })

const picture = (path: string): HTMLImageElement => {
  const image = element('img', 'shot')
  image.loading = 'lazy'
  image.alt = ''
  image.src = path
  return image
}

/** What the list was drawn from: it is drawn again only when that changes, so that pictures do not flicker. */
let drawn = ''

/** The events of the day as cards; one that is chosen is played from the beginning of its video. */
export const drawEvents = (
  events: readonly EventInfo[],
  zone: Zone,
  choose: (event: EventInfo) => void,
): void => {
  const key = JSON.stringify([zone, events])
  if (key === drawn) return
  drawn = key
  byId('events-part').hidden = events.length === 0
  const list = byId<HTMLOListElement>('events')
  const focused = (document.activeElement as HTMLElement | null)?.dataset.event
  list.replaceChildren(
    ...events.map((event) => {
      const item = document.createElement('li')
      const button = item.appendChild(element('button', 'event'))
      button.type = 'button'
      button.dataset.event = event.key
      button.append(
        event.picture === null ? element('span', 'shot') : picture(event.picture),
        element('time', 'when', timeText(event.startMs, zone)),
        element('span', 'name', eventTitle(event)),
        element('span', 'detail', detail(event)),
      )
      button.addEventListener('click', () => choose(event))
      return item
    }),
  )
  if (focused !== undefined)
    list.querySelector<HTMLButtonElement>(`[data-event="${CSS.escape(focused)}"]`)?.focus()
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
