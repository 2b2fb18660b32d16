import type { Camera, DeviceInfo } from './api.ts'
import { byId } from './dom.ts'
import { dateText, minuteText, type Zone } from './time.ts'

export type Entry = Camera & { title: string; online: boolean; recording: boolean; state: string }

const stateText = (device: DeviceInfo, recording: boolean, plan: string, zone: Zone): string => {
  const seen = device.lastSeenMs
  const presence = device.online
    ? 'online'
    : seen === 0
      ? 'never seen'
      : `offline since ${dateText(seen, zone)} ${minuteText(seen, zone)}`
  if (recording && device.online) return `${presence} · ${plan}`
  return plan === 'no plan' ? `${presence} · no plan` : `${presence} · not recording`
}

const PLAN_TEXTS = {
  none: 'no plan',
  full: 'full time',
  event: 'on events',
  trial: 'trial',
} as const

/** One entry per channel; a device without any has channel 0, where its first recording will be. */
export const entriesOf = (devices: readonly DeviceInfo[], zone: Zone): Entry[] =>
  devices.flatMap((device) => {
    const channels =
      device.channels.length > 0
        ? device.channels
        : [{ channel: 0, plan: undefined, recording: false }]
    return channels.map(({ channel, plan, recording }) => {
      const name = device.label || device.deviceName
      return {
        productId: device.productId,
        deviceName: device.deviceName,
        channel,
        title: channels.length > 1 ? `${name} · ${channel}` : name,
        online: device.online,
        recording: recording && device.online,
        state: stateText(device, recording, PLAN_TEXTS[plan?.recording ? plan.type : 'none'], zone),
      }
    })
  })

export const isSame = (a: Camera | undefined, b: Camera | undefined): boolean =>
  a !== undefined &&
  b !== undefined &&
  a.productId === b.productId &&
  a.deviceName === b.deviceName &&
  a.channel === b.channel

const span = (className: string, text: string): HTMLSpanElement =>
  Object.assign(document.createElement('span'), { className, textContent: text })

/** Draws the list. Buttons that stay are kept, so that the focus stays where it is. */
export const drawDevices = (
  entries: readonly Entry[],
  chosen: Camera | undefined,
  choose: (entry: Entry) => void,
): void => {
  const list = byId<HTMLUListElement>('devices')
  byId('no-devices').hidden = entries.length > 0
  while (list.children.length > entries.length) list.lastElementChild!.remove()
  for (const [at, entry] of entries.entries()) {
    const item = list.children[at] ?? list.appendChild(document.createElement('li'))
    const button =
      item.querySelector('button') ?? item.appendChild(document.createElement('button'))
    button.type = 'button'
    button.className = 'device'
    button.dataset.camera = `${entry.productId}/${entry.deviceName}/${entry.channel}`
    button.setAttribute('aria-current', String(isSame(entry, chosen)))
    button.onclick = () => choose(entry)
    button.replaceChildren(
      span(entry.online ? 'dot online' : 'dot', ''),
      span('name', entry.title),
      span('rec', entry.recording ? '● REC' : ''),
      span('state', entry.state),
    )
  }
}
