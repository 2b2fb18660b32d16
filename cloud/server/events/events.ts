import type { Catalog } from '../catalog.ts'
import {
  type EventReport,
  type EventStart,
  type EventStop,
  type PictureGrant,
  ReplyCode,
} from '../contract.ts'
import { KeyedLock } from '../ingest/keyed-lock.ts'
import type { Notifier } from '../notify/notifier.ts'
import { permitsRecording, planFault, trialSecondsLeft } from '../plan.ts'
import type { Registry } from '../registry.ts'
import type { CloudEvent, EventBeginning, EventEnding } from '../store/index/event-store.ts'
import type { Device, IndexStore, Plan } from '../store/index/types.ts'
import type { Signer } from '../tokens.ts'
import { issuePictureToken } from './picture-token.ts'
import { chargeTrial } from './trial.ts'

export type EventDependencies = {
  index: IndexStore
  registry: Registry
  catalog: Catalog
  signer: Signer
  now: () => number
  notifier: Pick<Notifier, 'eventBegan' | 'eventReady'>
  /** where the picture of an event is put, as devices reach it */
  pictureUrl(device: Device, channel: number, key: string): string
  pushPlan(device: Device, channel: number, plan: Plan): Promise<void>
}

/** A recording that is interrupted for so long is another one. */
const LOST_GAP_MS = 5000
const ANY_GAP_MS = Number.MAX_SAFE_INTEGER / 2

type Answer<Data> = { code: number; status: string; data?: Data }

const beginningOf = (device: Device, params: EventStart): EventBeginning => ({
  deviceId: device.id,
  channel: params.channel,
  key: params.key,
  eventId: params.eventId,
  info: params.info,
  ai: params.ai,
  isMoment: false,
  startMs: params.startMs,
  videoStartMs: params.videoStartMs,
})

/** What devices tell of events. Spec: docs/PROTOCOL.md section 3. */
export class EventService {
  readonly #lock = new KeyedLock()
  /** the last known start of each device's program */
  readonly #boots = new Map<number, string>()

  constructor(private readonly parts: EventDependencies) {}

  async start(device: Device, params: EventStart): Promise<Answer<{ picture: PictureGrant }>> {
    const { channel, key } = params
    const plan = await this.parts.registry.plan(device, channel)
    const fault = planFault(plan, channel)
    if (fault !== undefined) return { code: ReplyCode.noPlan, status: fault }
    const beginning = beginningOf(device, params)
    await this.parts.index.events.begin(beginning)
    await this.parts.notifier.eventBegan(device, { ...beginning, endMs: null, videoEndMs: null })
    return {
      code: ReplyCode.ok,
      status: 'ok',
      data: { picture: this.#grant(device, channel, key) },
    }
  }

  async report(device: Device, params: EventReport): Promise<Answer<{ picture: PictureGrant }>> {
    const { channel, key, eventId, info, ai, atMs } = params
    const moment = {
      deviceId: device.id,
      channel,
      key,
      eventId,
      info,
      ai,
      isMoment: true,
      startMs: atMs,
      videoStartMs: atMs,
    }
    await this.parts.index.events.begin(moment)
    // its analysis begins when its picture is here
    await this.parts.notifier.eventBegan(device, { ...moment, endMs: atMs, videoEndMs: atMs })
    return {
      code: ReplyCode.ok,
      status: 'ok',
      data: { picture: this.#grant(device, channel, key) },
    }
  }

  /**
   * A device has told which start of its program this is. Events of an earlier one were not ended: they end where their video
   * does.
   */
  async booted(device: Device, bootId: string): Promise<void> {
    if (this.#boots.get(device.id) === bootId) return
    this.#boots.set(device.id, bootId)
    for (const event of await this.parts.index.events.running(device.id))
      if (!event.key.startsWith(`${bootId}-`)) await this.#endWithVideo(device, event, LOST_GAP_MS)
  }

  /** Ends the running events of a channel, where their video ends: the free trial is used up. */
  async endTrial(device: Device, channel: number): Promise<void> {
    for (const event of await this.parts.index.events.running(device.id))
      if (event.channel === channel) await this.#endWithVideo(device, event, ANY_GAP_MS)
  }

  async #endWithVideo(device: Device, event: CloudEvent, gapMs: number): Promise<void> {
    const { catalog, now } = this.parts
    const { deviceId, channel, startMs, videoStartMs } = event
    const range = { deviceId, channel, fromMs: videoStartMs, toMs: now() }
    const [first] = range.toMs > videoStartMs ? await catalog.timeline(range, gapMs) : []
    const lastMs = first?.endMs ?? 0
    await this.#end(device, {
      ...beginningOf(device, event),
      endMs: Math.max(startMs, lastMs),
      videoEndMs: Math.max(videoStartMs, lastMs),
      video: 'part',
    })
  }

  async stop(device: Device, params: EventStop): Promise<Answer<{ trialSec?: number }>> {
    const { endMs, videoEndMs, video } = params
    if (endMs < params.startMs || videoEndMs < params.videoStartMs)
      return { code: ReplyCode.badRequest, status: 'the event ends before it begins' }
    const plan = await this.#end(device, {
      ...beginningOf(device, params),
      endMs,
      videoEndMs,
      video,
    })
    return {
      code: ReplyCode.ok,
      status: 'ok',
      data: plan.type === 'trial' ? { trialSec: trialSecondsLeft(plan) } : {},
    }
  }

  /** Notes the end of an event down; the channel's plan as it is then. */
  async #end(device: Device, ending: EventEnding): Promise<Plan> {
    const { channel, key } = ending
    const { index, registry, pushPlan } = this.parts
    const before = await registry.plan(device, channel)
    // one after the other: what overlapping events share is taken from a trial once
    const plan = await this.#lock.run(`${device.id}/${channel}`, async () => {
      await index.events.end(ending)
      const event = await index.events.event(device.id, channel, key)
      return event ? chargeTrial(this.parts, device, event) : before
    })
    // the message of its beginning may never have arrived
    await this.parts.notifier.eventBegan(device, ending)
    await this.parts.notifier.eventReady(device, ending)
    if (permitsRecording(before) && !permitsRecording(plan)) await pushPlan(device, channel, plan)
    return plan
  }

  #grant(device: Device, channel: number, key: string): PictureGrant {
    const { signer, now, pictureUrl } = this.parts
    return {
      url: pictureUrl(device, channel, key),
      ...issuePictureToken(signer, device, channel, key, now()),
    }
  }
}
