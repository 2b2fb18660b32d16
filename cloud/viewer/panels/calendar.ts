import type { DayInfo } from '../api/api.ts'
import { locale, t } from '../i18n/index.ts'
import { addDays, monthText } from '../time.ts'
import { byId, h } from '../ui/dom.ts'

const longText = (date: string): string =>
  new Intl.DateTimeFormat(locale(), { dateStyle: 'full', timeZone: 'UTC' }).format(Date.parse(date))
/** Short names of the days, from Monday on; the first day of 2024 was one. */
const weekdays = (): string[] => {
  const format = new Intl.DateTimeFormat(locale(), { weekday: 'narrow', timeZone: 'UTC' })
  return Array.from({ length: 7 }, (_, at) => format.format(Date.UTC(2024, 0, 1 + at)))
}

export type CalendarEvents = {
  chosen(date: string): void
  /** which days of a month have recordings */
  load(from: string, to: string): Promise<readonly DayInfo[]>
  today(): string
}

const firstOfMonth = (date: string): string => `${date.slice(0, 7)}-01`
const lastOfMonth = (date: string): string =>
  addDays(firstOfMonth(addDays(firstOfMonth(date), 31)), -1)

/** The day picker: a month with the recorded days marked. */
export class Calendar {
  readonly #dialog = byId<HTMLDialogElement>('calendar')
  readonly #opener = byId<HTMLButtonElement>('day')
  readonly #dates = byId('dates')
  #month = ''
  #chosen = ''

  constructor(private readonly events: CalendarEvents) {
    byId('weekdays').replaceChildren(...weekdays().map((text) => h('span', {}, text)))
    byId('month-before').addEventListener('click', () => this.#turn(-1))
    byId('month-after').addEventListener('click', () => this.#turn(1))
    this.#dialog.addEventListener('keydown', (event) => this.#onKey(event))
    document.addEventListener('pointerdown', ({ target }) => {
      const inside = this.#dialog.contains(target as Node) || this.#opener.contains(target as Node)
      if (!inside) this.close()
    })
  }

  toggle(date: string): void {
    if (this.#dialog.open) {
      this.close()
      return
    }
    this.#chosen = date
    this.#month = firstOfMonth(date)
    this.#dialog.show()
    this.#opener.setAttribute('aria-expanded', 'true')
    void this.#fill(date)
  }

  close(): void {
    if (!this.#dialog.open) return
    this.#dialog.close()
    this.#opener.setAttribute('aria-expanded', 'false')
  }

  #turn(by: -1 | 1): void {
    const date = by < 0 ? addDays(this.#month, -1) : addDays(lastOfMonth(this.#month), 1)
    this.#month = firstOfMonth(date)
    void this.#fill()
  }

  async #fill(focus?: string): Promise<void> {
    const from = this.#month
    const to = lastOfMonth(from)
    byId('month').textContent = monthText(Date.parse(from), 'UTC')
    const draw = (days: readonly DayInfo[]) => {
      const recorded = new Set(days.filter((day) => day.recorded).map((day) => day.date))
      const cells: HTMLButtonElement[] = []
      for (let date = from; date <= to; date = addDays(date, 1))
        cells.push(this.#cell(date, recorded.has(date)))
      // weeks begin on Monday: the first cell says in which column the month begins
      cells[0]!.style.gridColumnStart = String(((new Date(from).getUTCDay() + 6) % 7) + 1)
      this.#dates.replaceChildren(...cells)
      const wanted = cells.find((cell) => cell.dataset.date === focus)
      wanted?.focus()
    }
    draw([])
    const days = await this.events.load(from, to)
    const focused = (document.activeElement as HTMLElement | null)?.dataset.date
    if (this.#month === from && this.#dialog.open) {
      draw(days)
      if (focused) this.#focus(focused)
    }
  }

  #cell(date: string, isRecorded: boolean): HTMLButtonElement {
    const cell = document.createElement('button')
    cell.type = 'button'
    cell.dataset.date = date
    cell.textContent = String(Number(date.slice(8)))
    cell.className = isRecorded ? 'recorded' : ''
    cell.disabled = date > this.events.today()
    cell.setAttribute(
      'aria-label',
      isRecorded ? t('day.recorded', { date: longText(date) }) : longText(date),
    )
    if (date === this.#chosen) cell.setAttribute('aria-current', 'date')
    cell.addEventListener('click', () => {
      this.close()
      this.#opener.focus()
      this.events.chosen(date)
    })
    return cell
  }

  #focus(date: string): void {
    this.#dates.querySelector<HTMLButtonElement>(`[data-date="${date}"]`)?.focus()
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key === 'Escape') {
      this.close()
      this.#opener.focus()
      return
    }
    const days = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }[event.key]
    const date = (event.target as HTMLElement).dataset.date
    if (days === undefined || date === undefined) return
    event.preventDefault()
    const next = addDays(date, days)
    if (next > this.events.today()) return
    if (firstOfMonth(next) === this.#month) {
      this.#focus(next)
      return
    }
    this.#month = firstOfMonth(next)
    void this.#fill(next)
  }
}
