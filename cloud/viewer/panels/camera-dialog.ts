import {
  changeDevice,
  getUsage,
  type PlanInfo,
  type Session,
  setPlan,
  type Usage,
} from '../api/api.ts'
import { bytesText } from '../format.ts'
import { t } from '../i18n/index.ts'
import { dateText, momentText, type Zone } from '../time.ts'
import { field, openDialog } from '../ui/dialog.ts'
import { h } from '../ui/dom.ts'
import { faultText, toast } from '../ui/notice.ts'
import { type Entry, planText } from './cameras.ts'

const PLAN_TYPES: readonly PlanInfo['type'][] = ['full', 'event', 'trial', 'none']
const SECONDS_OF_DAY = 86_400

const row = (name: string, ...value: (Node | string)[]): HTMLElement[] => [
  h('dt', {}, name),
  h('dd', {}, ...value),
]

/** How much is used, of how much, with a bar where there is a limit. */
const usageOf = (entry: Entry, usage: Usage, zone: Zone): HTMLElement => {
  const { usedBytes, quotaBytes, pictureBytes, pinnedBytes } = usage
  const channel = usage.channels.find((one) => one.channel === entry.channel)
  const isLimited = quotaBytes > 0
  return h(
    'div',
    { class: 'usage' },
    h(
      'p',
      { class: 'usage-sum' },
      h('strong', {}, bytesText(usedBytes)),
      isLimited ? ` ${t('usage.of', { size: bytesText(quotaBytes) })}` : ` ${t('usage.used')}`,
    ),
    isLimited &&
      h('meter', {
        ...{ min: 0, max: quotaBytes, high: quotaBytes * 0.9, value: usedBytes },
        'aria-label': t('usage.title'),
      }),
    h(
      'p',
      { class: 'hint' },
      t('usage.parts', { pictures: bytesText(pictureBytes), pinned: bytesText(pinnedBytes) }),
      channel && channel.oldestMs > 0
        ? ` · ${t('usage.since', { when: dateText(channel.oldestMs, zone) })}`
        : '',
    ),
  )
}

const planForm = (entry: Entry, changed: () => void): HTMLFormElement => {
  const current = entry.plan?.type ?? 'none'
  const type = h(
    'select',
    { name: 'type' },
    ...PLAN_TYPES.map((name) =>
      h('option', { value: name, selected: name === current }, t(`plan.${name}`)),
    ),
  )
  const days = h('input', {
    ...{ name: 'days', type: 'number', min: 0, max: 3650, value: entry.plan?.days || 7 },
  })
  const zone = h('input', { name: 'zone', value: entry.device.timeZone, spellcheck: 'false' })
  const label = h('input', { name: 'label', value: entry.device.label, maxlength: 64 })
  const fault = h('p', { class: 'form-fault', role: 'alert' })
  const save = h('button', { class: 'button primary' }, t('save'))
  const form = h(
    'form',
    { class: 'form-rows' },
    h('div', { class: 'form-pair' }, field(t('add.label'), label), field(t('camera.zone'), zone)),
    h('div', { class: 'form-pair' }, field(t('plan.title'), type), field(t('plan.keep'), days)),
    fault,
    h('footer', { class: 'sheet-foot' }, h('span', { class: 'spacer' }), save),
  )
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    save.disabled = true
    fault.textContent = ''
    try {
      const kind = type.value as PlanInfo['type']
      await changeDevice(entry, { label: label.value, timeZone: zone.value })
      await setPlan(entry, {
        ...{ type: kind, days: Number(days.value) },
        ...(kind === 'trial' && { trialSec: Number(days.value) * SECONDS_OF_DAY }),
      })
      toast(t('saved'))
      changed()
    } catch (error) {
      fault.textContent = faultText(error)
    }
    save.disabled = false
  })
  return form
}

/** What a camera is, what it may record, and what it has stored. */
export const openCameraDialog = (
  entry: Entry,
  { session, zone, changed }: { session: Session; zone: Zone; changed(): void },
): void => {
  const { device } = entry
  const usage = h('div', { class: 'usage' }, h('p', { class: 'hint' }, t('loading')))
  const seen = device.online
    ? t('state.online')
    : device.lastSeenMs === 0
      ? t('state.never')
      : t('state.offline', { when: momentText(device.lastSeenMs, zone) })
  openDialog('camera', entry.title, [
    h(
      'dl',
      { class: 'facts' },
      ...row(t('camera.state'), seen),
      ...row(t('plan.title'), planText(entry.plan)),
      ...row(t('camera.id'), h('code', {}, `${device.productId}/${device.deviceName}`)),
      ...(device.version ? row(t('camera.version'), device.version) : []),
    ),
    h('h3', {}, t('usage.title')),
    usage,
    ...(session.role === 'admin'
      ? [h('h3', {}, t('camera.change')), planForm(entry, changed)]
      : []),
  ])
  getUsage(entry).then(
    (known) => usage.replaceWith(usageOf(entry, known, zone)),
    (error) => usage.replaceChildren(h('p', { class: 'form-fault' }, faultText(error))),
  )
}
