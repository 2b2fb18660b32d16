import type { Camera } from '../api/api.ts'
import { createExport, deleteExport, type ExportInfo, getExport } from '../api/exports.ts'
import { CLIP_MAX_MS, makeClip } from '../export/clip.ts'
import { clipName, download } from '../export/download.ts'
import { bytesText, durationText } from '../format.ts'
import { t } from '../i18n/index.ts'
import { momentText, toInput, type Zone } from '../time.ts'
import type { View } from '../timeline/view.ts'
import { openDialog } from '../ui/dialog.ts'
import { h, icon } from '../ui/dom.ts'
import { faultText } from '../ui/notice.ts'

const POLL_MS = 400

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** A bar with what is going on, or what came of it. */
class Progress {
  readonly #bar = h('progress', { max: 1, 'aria-label': t('export.progress') })
  readonly #text = h('p', { class: 'hint', role: 'status' })
  readonly element = h('div', { class: 'form-rows', hidden: true }, this.#bar, this.#text)

  show(text: string, ratio?: number): void {
    this.element.hidden = false
    this.#bar.hidden = false
    this.#text.className = 'hint'
    this.#text.textContent = text
    if (ratio === undefined) this.#bar.removeAttribute('value')
    else this.#bar.value = ratio
  }

  done(...content: (Node | string)[]): void {
    this.element.hidden = false
    this.#bar.hidden = true
    this.#text.className = 'hint'
    this.#text.replaceChildren(...content)
  }

  failed(error: unknown): void {
    this.done(faultText(error))
    this.#text.className = 'form-fault'
  }
}

/** Has the server write the range, and waits for the file. Undefined when it was cancelled. */
const exportOnServer = async (
  camera: Camera,
  { fromMs, toMs }: View,
  progress: Progress,
  signal: AbortSignal,
): Promise<ExportInfo | undefined> => {
  let job = await createExport(camera, fromMs, toMs)
  while (job.state === 'running') {
    const percent = Math.round(job.progress * 100)
    progress.show(t('export.server', { percent, size: bytesText(job.bytes) }), job.progress)
    await pause(POLL_MS)
    if (signal.aborted) {
      await deleteExport(camera, job.id)
      return undefined
    }
    job = await getExport(camera, job.id)
  }
  if (job.state === 'done') return job
  throw new Error(job.reason || t('export.failed'))
}

export type ExportTarget = { camera: Camera; title: string; range: View; zone: Zone }

/** Saves a range as MP4: written by the server, or a short one in the page. */
export const openExport = ({ camera, title, range, zone }: ExportTarget): void => {
  const lengthMs = range.toMs - range.fromMs
  const cancel = new AbortController()
  const progress = new Progress()
  const name = clipName(title, toInput(range.fromMs, zone))
  const isShort = lengthMs <= CLIP_MAX_MS
  const convert = h('input', { type: 'checkbox', id: 'clip-convert' })
  const onServer = h(
    'button',
    { type: 'button', class: 'button primary', id: 'export-server' },
    icon('download'),
    t('export.start'),
  )
  const inPage = h(
    'button',
    { type: 'button', class: 'button', id: 'export-clip', disabled: !isShort },
    icon('cut'),
    t('clip.start'),
  )
  const run = async (work: () => Promise<void>): Promise<void> => {
    for (const button of [onServer, inPage]) button.disabled = true
    try {
      await work()
    } catch (error) {
      if (!cancel.signal.aborted) progress.failed(error)
    }
    onServer.disabled = false
    inPage.disabled = !isShort
  }
  const saved = (url: string, file: string, bytes: number): void => {
    download(url, file)
    const link = h('a', { href: url, download: file }, file)
    progress.done(`${t('export.done')} `, link, ` (${bytesText(bytes)})`)
  }
  onServer.addEventListener('click', () =>
    run(async () => {
      progress.show(t('export.begins'))
      const job = await exportOnServer(camera, range, progress, cancel.signal)
      if (job?.url) saved(job.url, job.fileName || name, job.bytes)
    }),
  )
  inPage.addEventListener('click', () =>
    run(async () => {
      const { blob } = await makeClip(camera, {
        ...range,
        isConverted: convert.checked,
        progress: (stage, ratio) =>
          progress.show(t(`clip.${stage}`), stage === 'load' ? undefined : ratio),
        signal: cancel.signal,
      })
      saved(URL.createObjectURL(blob), name, blob.size)
    }),
  )
  openDialog(
    'export',
    t('export.title'),
    [
      h(
        'p',
        {},
        h('strong', {}, `${momentText(range.fromMs, zone)} – ${momentText(range.toMs, zone)}`),
        ` · ${durationText(lengthMs)}`,
      ),
      h('div', { class: 'choice' }, onServer, h('p', { class: 'hint' }, t('export.help'))),
      h(
        'div',
        { class: 'choice' },
        inPage,
        h(
          'p',
          { class: 'hint' },
          isShort ? t('clip.help') : t('clip.too-long', { length: durationText(CLIP_MAX_MS) }),
        ),
        isShort && h('label', { class: 'check' }, convert, t('clip.convert')),
      ),
      progress.element,
    ],
    () => cancel.abort(),
  )
}
