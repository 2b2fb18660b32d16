import type { Camera } from '../api/api.ts'
import { createShare, listShares, revokeShare, type ShareInfo } from '../api/shares.ts'
import { durationText } from '../format.ts'
import { type TextKey, t } from '../i18n/index.ts'
import { momentText, type Zone } from '../time.ts'
import type { View } from '../timeline/view.ts'
import { copyBox, field, openDialog } from '../ui/dialog.ts'
import { h, icon } from '../ui/dom.ts'
import { faultText, toast } from '../ui/notice.ts'
import { qrCode } from './qr.ts'

const HOUR_S = 3600
const EXPIRIES: readonly (readonly [number, TextKey])[] = [
  [HOUR_S, 'share.hour'],
  [24 * HOUR_S, 'share.day'],
  [7 * 24 * HOUR_S, 'share.week'],
  [30 * 24 * HOUR_S, 'share.month'],
]
const DEFAULT_S = 24 * HOUR_S

const stateOf = (share: ShareInfo, zone: Zone): string => {
  if (share.revokedMs > 0) return t('share.revoked')
  if (share.expiresMs <= Date.now()) return t('share.expired')
  return t('share.until', { when: momentText(share.expiresMs, zone) })
}

export type ShareTarget = { camera: Camera; range: View; zone: Zone }

/** Makes a link that shows the range to whoever has it, and lists the links that there are. */
export const openShare = ({ camera, range, zone }: ShareTarget): void => {
  const list = h('ul', { class: 'shares' })
  const fault = h('p', { class: 'form-fault', role: 'alert' })
  const attempt = (work: () => Promise<void>): Promise<void> =>
    work().catch((error) => {
      fault.textContent = faultText(error)
    })

  const row = (share: ShareInfo): HTMLLIElement => {
    const isOver = share.revokedMs > 0 || share.expiresMs <= Date.now()
    const revoke = h(
      'button',
      { type: 'button', class: 'button small danger' },
      icon('trash'),
      t('share.revoke'),
    )
    revoke.addEventListener('click', () =>
      attempt(async () => {
        revoke.disabled = true
        await revokeShare(camera, share.id)
        toast(t('share.is-revoked'))
        await refresh()
      }),
    )
    const about = [share.note, durationText(share.toMs - share.fromMs), stateOf(share, zone)]
    return h(
      'li',
      {},
      h(
        'span',
        { class: isOver ? 'over' : '' },
        `${momentText(share.fromMs, zone)} · ${about.filter((text) => text !== '').join(' · ')}`,
      ),
      h('span', { class: 'spacer' }),
      !isOver && revoke,
    )
  }
  const refresh = async (): Promise<void> => {
    const shares = await listShares(camera)
    list.replaceChildren(...shares.map(row))
    heading.hidden = shares.length === 0
  }

  const expiry = h(
    'select',
    { name: 'expiry' },
    ...EXPIRIES.map(([value, text]) =>
      h('option', { value, selected: value === DEFAULT_S }, t(text)),
    ),
  )
  const note = h('input', { name: 'note', maxlength: 128, placeholder: t('share.note-example') })
  const submit = h('button', { class: 'button primary' }, icon('share'), t('share.create'))
  const form = h(
    'form',
    { class: 'form-rows' },
    h(
      'div',
      { class: 'form-pair' },
      field(t('share.expiry'), expiry),
      field(t('share.note'), note),
    ),
    h(
      'footer',
      { class: 'sheet-foot' },
      h('span', { class: 'hint' }, t('share.help')),
      h('span', { class: 'spacer' }),
      submit,
    ),
  )
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void attempt(async () => {
      fault.textContent = ''
      submit.disabled = true
      const wanted = { ...range, note: note.value, expiresInSec: Number(expiry.value) }
      const made = await createShare(camera, wanted).finally(() => {
        submit.disabled = false
      })
      form.replaceWith(
        copyBox(made.url, t('share.link')),
        h(
          'div',
          { class: 'qr-row' },
          qrCode(made.url, t('share.qr')),
          h('p', { class: 'hint' }, t('share.anyone')),
        ),
      )
      await refresh()
    })
  })
  const heading = h('h3', { hidden: true }, t('share.all'))
  openDialog('share', t('share.title'), [
    h(
      'p',
      {},
      h('strong', {}, `${momentText(range.fromMs, zone)} – ${momentText(range.toMs, zone)}`),
      ` · ${durationText(range.toMs - range.fromMs)}`,
    ),
    form,
    fault,
    heading,
    list,
  ])
  void attempt(refresh)
}
