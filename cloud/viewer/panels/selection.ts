import { durationText } from '../format.ts'
import { t } from '../i18n/index.ts'
import { fromInput, toInput, type Zone } from '../time.ts'
import type { View } from '../timeline/view.ts'
import { byId, h, icon } from '../ui/dom.ts'

export type SelectionEvents = {
  changed(range: View): void
  play(fromMs: number): void
  exported(range: View): void
  /** undefined: sharing is not for this person */
  shared: ((range: View) => void) | undefined
  closed(): void
}

/** What to do with the selected range. Both ends can be typed: dragging is not for everyone. */
export class SelectionBar {
  readonly #bar = byId('selection')
  readonly #from = h('input', {
    type: 'datetime-local',
    step: 1,
    'aria-label': t('selection.from'),
  })
  readonly #to = h('input', { type: 'datetime-local', step: 1, 'aria-label': t('selection.to') })
  readonly #length = h('span', { class: 'selection-length', role: 'status' })
  #range: View = { fromMs: 0, toMs: 0 }
  #zone: Zone = 'UTC'

  constructor(on: SelectionEvents) {
    const button = (text: string, act: () => void) =>
      h('button', { type: 'button', class: 'button', onclick: act }, text)
    this.#bar.append(
      h('div', { class: 'selection-ends' }, this.#from, h('span', {}, '–'), this.#to, this.#length),
      h('span', { class: 'spacer' }),
      button(t('selection.play'), () => on.play(this.#range.fromMs)),
      ...(on.shared ? [button(t('selection.share'), () => on.shared?.(this.#range))] : []),
      h(
        'button',
        { type: 'button', class: 'button primary', onclick: () => on.exported(this.#range) },
        icon('download'),
        t('selection.export'),
      ),
      h(
        'button',
        { type: 'button', class: 'ghost', 'aria-label': t('selection.close'), onclick: on.closed },
        icon('close'),
      ),
    )
    for (const input of [this.#from, this.#to])
      input.addEventListener('change', () => {
        const fromMs = fromInput(this.#from.value, this.#zone)
        const toMs = fromInput(this.#to.value, this.#zone)
        if (toMs > fromMs) on.changed({ fromMs, toMs })
      })
  }

  show(range: View | undefined, zone: Zone): void {
    this.#bar.hidden = range === undefined
    if (!range) return
    this.#range = range
    this.#zone = zone
    this.#from.value = toInput(range.fromMs, zone)
    this.#to.value = toInput(range.toMs, zone)
    this.#length.textContent = durationText(range.toMs - range.fromMs)
  }
}
