import { type Clip, makeClip } from '../export/clip.ts'
import { durationText } from '../format.ts'
import { t } from '../i18n/index.ts'
import { byId, h, icon } from '../ui/dom.ts'
import { faultText } from '../ui/notice.ts'
import type { Entry } from './cameras.ts'

/** What a person waits for. */
const CONVERTED_MS = 20_000

export type CodecOffer = {
  entry: Entry
  atMs: number
  /** plays what was converted */
  play(clip: Clip): void
  /** saves the recording as it is */
  save(fromMs: number, toMs: number): void
}

/** The browser has no decoder: says so, and offers what can be done about it. */
export const offerConversion = ({ entry, atMs, play, save }: CodecOffer): void => {
  const length = durationText(CONVERTED_MS)
  const bar = h('progress', { max: 1, hidden: true, 'aria-label': t('export.progress') })
  const status = h('p', { role: 'status' })
  const convert = h(
    'button',
    { type: 'button', class: 'button primary', id: 'convert' },
    t('codec.convert', { length }),
  )
  const saving = h(
    'button',
    { type: 'button', class: 'button', id: 'save-original' },
    icon('download'),
    t('codec.download'),
  )
  const cancel = new AbortController()
  convert.addEventListener('click', async () => {
    convert.disabled = true
    bar.hidden = false
    try {
      const clip = await makeClip(entry, {
        ...{ fromMs: atMs, toMs: atMs + CONVERTED_MS, isConverted: true },
        progress: (stage, ratio) => {
          status.textContent = t(`clip.${stage}`)
          if (stage === 'load') bar.removeAttribute('value')
          else bar.value = ratio
          // another recording is shown by now
          if (!bar.isConnected) cancel.abort()
        },
        signal: cancel.signal,
      })
      if (bar.isConnected) play(clip)
    } catch (error) {
      if (cancel.signal.aborted) return
      status.textContent = faultText(error)
      bar.hidden = true
      convert.disabled = false
    }
  })
  saving.addEventListener('click', () => save(atMs, atMs + CONVERTED_MS))
  byId('empty').replaceChildren(
    h('h3', {}, t('codec.title')),
    h('p', {}, t('codec.text')),
    h('div', { class: 'actions' }, convert, saving),
    bar,
    status,
  )
  byId('empty').hidden = false
}
