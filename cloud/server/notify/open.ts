import type { Accounts } from '../accounts/accounts.ts'
import type { CloudOptions } from '../env.ts'
import type { Logger } from '../log.ts'
import type { Presence } from '../presence.ts'
import { shareToken } from '../share/share.ts'
import type { IndexStore } from '../store/index/types.ts'
import type { Signer } from '../tokens.ts'
import { Deliveries } from './deliveries.ts'
import { Dispatcher } from './dispatcher.ts'
import { Hooks } from './hooks.ts'
import type { Message } from './message.ts'
import { Notifier } from './notifier.ts'
import { createSenders, newVapidKeys } from './senders.ts'
import { States } from './states.ts'
import { Watch } from './watch.ts'

/** An analyser that is behind by a day has lost. */
const LINK_MS = 86_400_000

export type NotifyParts = {
  options: CloudOptions
  index: IndexStore
  accounts: Accounts
  presence: Presence
  signer: Signer
  publicUrl(): string
  /** whose disk the recordings fill; undefined: they lie elsewhere */
  folder: string | undefined
  minFreeBytes: number
  log: Logger
  now: () => number
  /** what tests shorten */
  timing?: { retryMs?: readonly number[]; watchMs?: number; settleMs?: number } | undefined
}

export type Notify = {
  hooks: Hooks
  deliveries: Deliveries
  notifier: Notifier
  dispatcher: Dispatcher
  watch: Watch
  vapidPublicKey: string
  start(): void
  stop(): Promise<void>
}

/** Links by which an analyser looks at an event: a share of it, which shows nothing else, ends, and can be revoked. */
const analysisLinks = async (
  { index, signer, publicUrl, now }: NotifyParts,
  { device: named, event, links }: Message,
): Promise<Message['links']> => {
  if (!named || !event || !links) return links
  const device = await index.device(named.productId, named.deviceName)
  const known = device && (await index.events.event(device.id, event.channel, event.key))
  if (!device || !known) return links
  const startMs = Math.min(known.videoStartMs, known.startMs)
  const endMs = Math.max(startMs + 1, known.videoEndMs ?? known.startMs)
  const hours = Math.floor(now() / 3_600_000)
  const id = `analysis-${device.id}-${event.channel}-${event.key}-${hours}`
  await index.shares.put({
    id,
    deviceId: device.id,
    channel: event.channel,
    startMs,
    endMs,
    eventKey: event.key,
    note: 'for analysis',
    expiresMs: now() + LINK_MS,
    revokedMs: 0,
    createdMs: now(),
    createdBy: 'analysis',
  })
  const path = `${publicUrl()}/api/shared/${shareToken(signer, id)}`
  const hasVideo = !known.isMoment && known.videoEndMs !== null && known.videoEndMs > startMs
  return {
    ...links,
    picture: known.pictureType === null ? null : `${path}/picture`,
    playlist: hasVideo ? `${path}/playlist.m3u8` : null,
    result: `${publicUrl()}/api/ai/results`,
  }
}

/** Everything that tells people and analysers of what happens. */
export const openNotify = async (parts: NotifyParts): Promise<Notify> => {
  const { options, index, accounts, presence, publicUrl, folder, minFreeBytes, log, now } = parts
  const hooks = new Hooks(index.db, now)
  const deliveries = new Deliveries(index.db, now)
  const states = new States(index.db, now)
  const keys = JSON.parse(
    await states.once('vapid', () => JSON.stringify(newVapidKeys())),
  ) as ReturnType<typeof newVapidKeys>
  const contact = publicUrl().startsWith('https:') ? publicUrl() : 'mailto:skyrill@localhost'
  const dispatcher = new Dispatcher({
    hooks,
    deliveries,
    senders: createSenders({
      smtpUrl: options.smtpUrl,
      mailFrom: options.mailFrom ?? 'skyrill@localhost',
      allowPrivate: options.allowPrivateHooks ?? false,
      vapid: { ...keys, subject: contact },
      now,
    }),
    prepare: async (_, message) =>
      message.topic === 'analysis'
        ? { ...message, links: await analysisLinks(parts, message) }
        : message,
    log,
    now,
    retryMs: parts.timing?.retryMs,
  })
  const notifier = new Notifier({
    hooks,
    deliveries,
    accounts,
    publicUrl,
    wake: () => void dispatcher.run(),
    log,
    now,
  })
  const watch = new Watch({
    index,
    presence,
    states,
    notifier,
    folder,
    minFreeBytes,
    log,
    now,
    tickMs: parts.timing?.watchMs,
    settleMs: parts.timing?.settleMs,
  })
  return {
    hooks,
    deliveries,
    notifier,
    dispatcher,
    watch,
    vapidPublicKey: keys.publicKey,
    start: () => {
      dispatcher.start()
      watch.start()
    },
    stop: async () => {
      await watch.stop()
      await dispatcher.stop()
    },
  }
}
