import type { Camera, EventInfo, Loss } from './api/api.ts'
import { durationText } from './format.ts'
import { t } from './i18n/index.ts'

export const eventTitle = (event: EventInfo): string =>
  event.info || t('event.number', { id: event.eventId })

const EVENT_STATES = {
  running: 'event.running',
  finished: undefined,
  partial: 'event.partial',
  failed: 'event.failed',
} as const

/** Length and state, such as `12 s · not all of it is recorded`. */
export const eventDetail = (event: EventInfo): string => {
  const length =
    event.isMoment || event.endMs === null ? '' : durationText(event.endMs - event.startMs)
  const state = EVENT_STATES[event.state]
  return [length, state ? t(state) : ''].filter((text) => text !== '').join(' · ')
}

export const lossText = (loss: Loss): string =>
  t('at.lost', {
    cause: t(`cause.${loss.cause}`),
    length: durationText(loss.endMs - loss.startMs),
  })

export const isSame = (a: Camera | undefined, b: Camera | undefined): boolean =>
  a !== undefined &&
  b !== undefined &&
  a.productId === b.productId &&
  a.deviceName === b.deviceName &&
  a.channel === b.channel

export const cameraKey = ({ productId, deviceName, channel }: Camera): string =>
  `${productId}/${deviceName}/${channel}`
