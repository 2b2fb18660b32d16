import type { Camera, ChannelInfo, DeviceInfo, PlanInfo } from '../api/api.ts'
import { t } from '../i18n/index.ts'
import { cameraKey, isSame } from '../labels.ts'
import type { Snapshots } from '../playback/snapshots.ts'
import { isoDate, minuteText, shortDateText, type Zone } from '../time.ts'
import { byId, h, icon } from '../ui/dom.ts'

export type Entry = Camera & {
  title: string
  device: DeviceInfo
  plan: PlanInfo | undefined
  online: boolean
  recording: boolean
}

export const planText = (plan: PlanInfo | undefined): string => {
  if (!plan || plan.type === 'none') return t('plan.none')
  if (!plan.recording) return t('plan.off')
  const kind = t(`plan.${plan.type}`)
  return plan.days > 0 ? t('plan.days', { kind, days: plan.days }) : kind
}

const presenceText = ({ online, recording, device }: Entry, zone: Zone): string => {
  if (online) return recording ? t('state.recording') : t('state.online')
  if (device.lastSeenMs === 0) return t('state.never')
  const seenMs = device.lastSeenMs
  const isToday = isoDate(seenMs, zone) === isoDate(Date.now(), zone)
  const when = isToday ? minuteText(seenMs, zone) : shortDateText(seenMs, zone)
  return t('state.offline', { when })
}

/** One entry per channel; a device without any has channel 0, where its first recording will be. */
export const entriesOf = (devices: readonly DeviceInfo[]): Entry[] =>
  devices.flatMap((device) => {
    const none: Partial<ChannelInfo> & { channel: number } = { channel: 0 }
    const channels = device.channels.length > 0 ? device.channels : [none]
    const name = device.label || device.deviceName
    return channels.map(({ channel, plan, recording }) => ({
      productId: device.productId,
      deviceName: device.deviceName,
      channel,
      device,
      plan,
      title: channels.length > 1 ? `${name} · ${channel}` : name,
      online: device.online,
      recording: recording === true && device.online,
    }))
  })

const card = (entry: Entry, zone: Zone, picture: string | undefined): Node[] => [
  h(
    'span',
    { class: 'thumb' },
    picture === undefined ? icon('camera') : h('img', { src: picture, alt: '' }),
    entry.recording && h('span', { class: 'rec' }, 'REC'),
  ),
  h('span', { class: 'name' }, entry.title),
  h(
    'span',
    { class: 'state' },
    h('span', { class: entry.online ? 'dot online' : 'dot' }),
    presenceText(entry, zone),
  ),
  h('span', { class: 'plan' }, planText(entry.plan)),
]

const drawn = new WeakMap<Element, string>()

/** Draws the list. Buttons that stay are kept, so that the focus stays where it is, and pictures do not flicker. */
export const drawCameras = (
  entries: readonly Entry[],
  chosen: Camera | undefined,
  { zone, snapshots, choose }: { zone: Zone; snapshots: Snapshots; choose(entry: Entry): void },
): void => {
  const list = byId<HTMLUListElement>('devices')
  list.removeAttribute('aria-busy')
  for (const skeleton of list.querySelectorAll('.skeleton')) skeleton.remove()
  byId('no-devices').hidden = entries.length > 0
  while (list.children.length > entries.length) list.lastElementChild!.remove()
  for (const [at, entry] of entries.entries()) {
    const item = list.children[at] ?? list.appendChild(h('li'))
    const button =
      item.querySelector('button') ??
      item.appendChild(h('button', { type: 'button', class: 'device' }))
    button.dataset.camera = cameraKey(entry)
    const isChosen = isSame(entry, chosen)
    const isNew = isChosen && button.getAttribute('aria-current') !== 'true'
    button.setAttribute('aria-current', String(isChosen))
    button.onclick = () => choose(entry)
    const picture = snapshots.get(entry)?.url
    const key = JSON.stringify([entry, zone, picture])
    if (drawn.get(button) !== key) button.replaceChildren(...card(entry, zone, picture))
    drawn.set(button, key)
    // on a phone the list is a row that may reach out of view
    if (isNew) button.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }
}
