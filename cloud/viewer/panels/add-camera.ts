import { createDevice, getSetup, setPlan } from '../api/api.ts'
import { t } from '../i18n/index.ts'
import { BROWSER_ZONE } from '../time.ts'
import { copyBox, type Dialog, field, openDialog } from '../ui/dialog.ts'
import { h } from '../ui/dom.ts'
import { faultText } from '../ui/notice.ts'
import { qrCode } from './qr.ts'

const DEFAULT_PRODUCT = 'SKYRILL'
const DEFAULT_DAYS = 7
/** Hosts that mean: this machine, whatever the camera's is. */
const LOOPBACKS = ['127.0.0.1', 'localhost', '[::1]', '0.0.0.0', '[::]']

/** The broker as a camera reaches it: where it names this machine, by the name that the page was opened with. */
const brokerUrl = (told: string): string => {
  const url = new URL(told)
  if (LOOPBACKS.includes(url.hostname))
    return told.replace(url.host, `${location.hostname}:${url.port || 1883}`)
  return told.replace(/\/$/, '')
}

/** Quotes a word for a POSIX shell, where it needs that. */
const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`

export type Identity = { productId: string; deviceName: string; deviceSecret: string }

export const pushCommand = (cloud: string, identity: Identity, input: string): string =>
  [
    ...['npx', 'skyrill', 'push', '--cloud', cloud, '--product-id', identity.productId],
    ...['--device-name', identity.deviceName, '--device-secret', identity.deviceSecret],
    ...['--input', input],
  ]
    .map(shellWord)
    .join(' ')

/** What a camera's app scans: all that it needs to connect. */
const qrText = (cloud: string, identity: Identity): string => JSON.stringify({ cloud, ...identity })

const result = (cloud: string, identity: Identity, input: string): HTMLElement[] => [
  h('p', {}, t('add.run')),
  copyBox(pushCommand(cloud, identity, input), t('add.command')),
  h(
    'div',
    { class: 'qr-row' },
    qrCode(qrText(cloud, identity), t('add.qr')),
    h('div', {}, h('p', {}, t('add.scan')), h('p', { class: 'hint' }, t('add.once'))),
  ),
]

/** A device name of what a person calls the camera. */
const nameOf = (label: string): string =>
  label
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 32) || `camera-${Math.random().toString(36).slice(2, 7)}`

/** Registers a camera, then shows the command and the code with which it connects. */
export const openAddCamera = (added: () => void): void => {
  const label = h('input', {
    name: 'label',
    required: true,
    maxlength: 64,
    placeholder: t('add.label-example'),
  })
  const input = h('input', {
    ...{ name: 'input', required: true, spellcheck: 'false', autocapitalize: 'off' },
    placeholder: 'rtsp://user:password@192.168.1.20/stream',
  })
  const product = h('input', {
    name: 'product',
    value: DEFAULT_PRODUCT,
    maxlength: 32,
    required: true,
  })
  const plan = h(
    'select',
    { name: 'plan' },
    h('option', { value: 'full' }, t('plan.full')),
    h('option', { value: 'event' }, t('plan.event')),
  )
  const days = h('input', {
    name: 'days',
    type: 'number',
    min: 1,
    max: 3650,
    value: DEFAULT_DAYS,
    required: true,
  })
  const fault = h('p', { class: 'form-fault', role: 'alert' })
  const submit = h('button', { class: 'button primary' }, t('add.create'))
  const form = h(
    'form',
    { class: 'form-rows' },
    field(t('add.label'), label),
    field(t('add.input'), input, t('add.input-help')),
    h('div', { class: 'form-pair' }, field(t('plan.title'), plan), field(t('plan.keep'), days)),
    h('details', {}, h('summary', {}, t('add.more')), field(t('add.product'), product)),
    fault,
    h('footer', { class: 'sheet-foot' }, h('span', { class: 'spacer' }), submit),
  )
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    submit.disabled = true
    fault.textContent = ''
    try {
      const { mqttUrl } = await getSetup()
      const wanted = { productId: product.value, deviceName: nameOf(label.value) }
      const device = await createDevice({ ...wanted, label: label.value, timeZone: BROWSER_ZONE })
      await setPlan(
        { ...wanted, channel: 0 },
        { type: plan.value as 'full' | 'event', days: Number(days.value) },
      )
      added()
      form.replaceWith(...result(brokerUrl(mqttUrl), device, input.value))
      dialog.element.querySelector<HTMLElement>('.copy-text')?.focus()
    } catch (error) {
      fault.textContent = faultText(error)
      submit.disabled = false
    }
  })
  const dialog: Dialog = openDialog('add-camera', t('add.title'), [form])
  label.focus()
}
