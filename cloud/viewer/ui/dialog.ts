import { t } from '../i18n/index.ts'
import { type Child, h, icon } from './dom.ts'

export type Dialog = { element: HTMLDialogElement; close(): void }

/**
 * A modal sheet: the browser keeps the focus in it, closes it by Escape and gives the focus back. `closed` is called once,
 * however it was closed.
 */
export const openDialog = (
  name: string,
  title: string,
  content: readonly Child[],
  closed?: () => void,
): Dialog => {
  const id = `dialog-${name}`
  const heading = h('h2', { id: `${id}-title` }, title)
  const closeButton = h(
    'button',
    { type: 'button', class: 'ghost', 'aria-label': t('close'), onclick: () => element.close() },
    icon('close'),
  )
  const element = h(
    'dialog',
    { id, class: 'sheet', 'aria-labelledby': heading.id },
    h('header', { class: 'sheet-head' }, heading, closeButton),
    h('div', { class: 'sheet-body' }, ...content),
  )
  element.addEventListener('close', () => {
    element.remove()
    closed?.()
  })
  // a press beside the sheet closes it
  element.addEventListener('pointerdown', (event) => {
    if (event.target === element) element.close()
  })
  document.body.append(element)
  element.showModal()
  return { element, close: () => element.close() }
}

/** A labelled field of a form, with a line of help below it. */
export const field = (label: string, control: HTMLElement, help?: string): HTMLLabelElement =>
  h(
    'label',
    { class: 'form-field' },
    h('span', { class: 'form-label' }, label),
    control,
    help !== undefined && h('span', { class: 'form-help' }, help),
  )

/** Text that is copied as a whole, with the button that does it. */
export const copyBox = (text: string, label: string): HTMLElement => {
  const button = h('button', { type: 'button', class: 'button' }, icon('copy'), t('copy'))
  button.addEventListener('click', async () => {
    const range = document.createRange()
    range.selectNodeContents(code)
    getSelection()?.removeAllRanges()
    getSelection()?.addRange(range)
    // without TLS browsers give no clipboard; the text is selected then
    const isCopied = await navigator.clipboard?.writeText(text).then(
      () => true,
      () => false,
    )
    button.lastChild!.textContent = isCopied ? t('copied') : t('copy.selected')
  })
  const code = h('code', { class: 'copy-text', tabindex: '0', 'aria-label': label }, text)
  return h('div', { class: 'copy-box' }, code, button)
}
