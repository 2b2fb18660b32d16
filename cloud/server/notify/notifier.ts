import type { Accounts } from '../accounts/accounts.ts'
import { errorText, type Logger } from '../log.ts'
import { deviceKey } from '../slice.ts'
import type { CloudEvent } from '../store/index/event-store.ts'
import type { Device } from '../store/index/types.ts'
import type { Deliveries } from './deliveries.ts'
import type { Hook, Hooks } from './hooks.ts'
import type { Message } from './message.ts'
import { isWanted, type News } from './rule.ts'

export type NotifierParts = {
  hooks: Hooks
  deliveries: Deliveries
  accounts: Accounts
  /** the page, as people reach it */
  publicUrl(): string
  /** something is in the queue */
  wake(): void
  log: Logger
  now: () => number
}

/** What hooks hear of an event; enough to know of it without asking. */
export type EventNews = Pick<
  CloudEvent,
  | 'channel'
  | 'key'
  | 'eventId'
  | 'info'
  | 'startMs'
  | 'endMs'
  | 'videoStartMs'
  | 'videoEndMs'
  | 'ai'
  | 'isMoment'
>

const nameOf = (device: Device): string => device.label || deviceKey(device)

const eventOf = (event: EventNews): Message['event'] => {
  const { channel, key, eventId, info, startMs, endMs, videoStartMs, videoEndMs, ai, isMoment } =
    event
  return { channel, key, eventId, info, startMs, endMs, videoStartMs, videoEndMs, ai, isMoment }
}

const deviceOf = ({ productId, deviceName, label }: Device): Message['device'] => ({
  productId,
  deviceName,
  label,
})

/**
 * Puts news into the queue of every hook that wants it. It is in the index when this resolves, and a device is answered after that: what a
 * device was told is known is told on.
 */
export class Notifier {
  constructor(private readonly parts: NotifierParts) {}

  /** An event has begun, or a moment was told of. */
  async eventBegan(device: Device, event: EventNews): Promise<void> {
    await this.#tell(
      { topic: 'event', device: deviceKey(device), eventId: event.eventId },
      `${device.id}/${event.channel}/${event.key}`,
      {
        text: `${nameOf(device)}: event ${event.eventId}${event.info === '' ? '' : ` (${event.info})`}`,
        device: deviceOf(device),
        event: eventOf(event),
      },
    )
  }

  /** What can be looked at of an event is here: its analysis may begin. */
  async eventReady(device: Device, event: EventNews): Promise<void> {
    if (event.ai === 0) return
    const { eventId, ai } = event
    await this.#tell(
      { topic: 'analysis', device: deviceKey(device), eventId, ai },
      `${device.id}/${event.channel}/${event.key}`,
      {
        text: `${nameOf(device)}: event ${eventId} is to be analysed`,
        device: deviceOf(device),
        event: eventOf(event),
      },
    )
  }

  async presence(device: Device, isOnline: boolean): Promise<void> {
    const topic = isOnline ? 'online' : 'offline'
    await this.#tell({ topic, device: deviceKey(device) }, `${device.id}/${this.parts.now()}`, {
      text: `${nameOf(device)} is ${isOnline ? 'online again' : 'offline'}`,
      device: deviceOf(device),
    })
  }

  async storageLow(freeBytes: number, sizeBytes: number): Promise<void> {
    const gib = (bytes: number) => (bytes / 1024 ** 3).toFixed(1)
    await this.#tell({ topic: 'storage' }, String(this.parts.now()), {
      text: `The storage is nearly full: ${gib(freeBytes)} of ${gib(sizeBytes)} GiB are free`,
      storage: { freeBytes, sizeBytes },
    })
  }

  /** A message to one hook, to see whether it arrives. */
  async test(hook: Hook): Promise<void> {
    const { deliveries, wake, now } = this.parts
    const topic = hook.rule.topics[0]!
    const message = this.#message(topic, { text: `A test of the hook "${hook.name}"` })
    await deliveries.add({
      hookId: hook.id,
      subject: `test/${now()}/${Math.random()}`,
      source: 'test',
      payload: JSON.stringify(message),
    })
    wake()
  }

  #message(topic: Message['topic'], rest: Omit<Message, 'topic' | 'createdMs' | 'links'>): Message {
    const { now, publicUrl } = this.parts
    const { device, event } = rest
    // as the page's own addresses are: a camera, and a moment of it
    const camera = device && `#${device.productId}/${device.deviceName}/${event?.channel ?? 0}`
    const place = event ? `${camera}@${event.startMs}` : (camera ?? '')
    return { topic, createdMs: now(), ...rest, links: { page: `${publicUrl()}/${place}` } }
  }

  async #tell(
    news: News,
    subject: string,
    rest: Omit<Message, 'topic' | 'createdMs' | 'links'>,
  ): Promise<void> {
    const { hooks, deliveries, wake, now, log } = this.parts
    const source = `${news.topic}/${news.device ?? ''}`
    let isAdded = false
    for (const hook of await hooks.remembered()) {
      if (!hook.enabled || !isWanted(hook.rule, news, now())) continue
      if (!(await this.#maySee(hook, news))) continue
      const sinceMs = now() - (hook.rule.throttleSec ?? 0) * 1000
      const isNews = news.topic !== 'analysis'
      if (
        isNews &&
        hook.rule.throttleSec &&
        (await deliveries.hasSince(hook.id, source, sinceMs))
      ) {
        log.debug('not told: too soon after the last', { hook: hook.name, source })
        continue
      }
      const payload = JSON.stringify(this.#message(news.topic, rest))
      const added = await deliveries
        .add({ hookId: hook.id, subject: `${news.topic}/${subject}`, source, payload })
        .catch((error) => {
          // the hook was deleted a moment ago; anything else is a fault of the index, which the device hears of
          if (/foreign key/.test(`${errorText(error)} ${errorText((error as Error).cause)}`))
            return false
          throw error
        })
      isAdded ||= added
    }
    if (isAdded) wake()
  }

  /** A browser of an account is told what its account may see, and nothing once the account is gone. */
  async #maySee({ accountId }: Hook, { device }: News): Promise<boolean> {
    if (accountId === null) return true
    const account = await this.parts.accounts.get(accountId)
    if (!account) return false
    if (!account.devices) return true
    return device !== undefined && account.devices.includes(device)
  }
}
