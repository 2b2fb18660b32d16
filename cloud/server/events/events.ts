import type { Catalog } from '../catalog.ts'
import {
  type EventReport,
  type EventStart,
  type EventStop,
  type PictureGrant,
  ReplyCode,
} from '../contract.ts'
import { KeyedLock } from '../ingest/keyed-lock.ts'
import { permitsRecording, trialSecondsLeft } from '../plan.ts'
import type { Registry } from '../registry.ts'
import type { EventBeginning } from '../store/index/event-store.ts'
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
  /** where the picture of an event is put, as devices reach it */
  pictureUrl(device: Device, channel: number, key: string): string
  pushPlan(device: Device, channel: number, plan: Plan): Promise<void>
}

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

  constructor(private readonly parts: EventDependencies) {}

  async start(device: Device, params: EventStart): Promise<Answer<{ picture: PictureGrant }>> {
    const { channel, key } = params
    const plan = await this.parts.registry.plan(device, channel)
    if (!permitsRecording(plan))
      return { code: ReplyCode.noPlan, status: 'no plan permits events on this channel' }
    await this.parts.index.events.begin(beginningOf(device, params))
    return {
      code: ReplyCode.ok,
      status: 'ok',
      data: { picture: this.#grant(device, channel, key) },
    }
  }

  async report(device: Device, params: EventReport): Promise<Answer<{ picture: PictureGrant }>> {
    const { channel, key, eventId, info, ai, atMs } = params
    await this.parts.index.events.begin({
      deviceId: device.id,
      channel,
      key,
      eventId,
      info,
      ai,
      isMoment: true,
      startMs: atMs,
      videoStartMs: atMs,
    })
    return {
      code: ReplyCode.ok,
      status: 'ok',
      data: { picture: this.#grant(device, channel, key) },
    }
  }

  async stop(device: Device, params: EventStop): Promise<Answer<{ trialSec?: number }>> {
    const { channel, key, endMs, videoEndMs, video } = params
    if (endMs < params.startMs || videoEndMs < params.videoStartMs)
      return { code: ReplyCode.badRequest, status: 'the event ends before it begins' }
    const { index, registry, pushPlan } = this.parts
    const before = await registry.plan(device, channel)
    // one after the other: what overlapping events share is taken from a trial once
    const plan = await this.#lock.run(`${device.id}/${channel}`, async () => {
      await index.events.end({ ...beginningOf(device, params), endMs, videoEndMs, video })
      const event = await index.events.event(device.id, channel, key)
      return event ? chargeTrial(this.parts, device, event) : before
    })
    if (permitsRecording(before) && !permitsRecording(plan)) await pushPlan(device, channel, plan)
    return {
      code: ReplyCode.ok,
      status: 'ok',
      data: plan.type === 'trial' ? { trialSec: trialSecondsLeft(plan) } : {},
    }
  }

  #grant(device: Device, channel: number, key: string): PictureGrant {
    const { signer, now, pictureUrl } = this.parts
    return {
      url: pictureUrl(device, channel, key),
      ...issuePictureToken(signer, device, channel, key, now()),
    }
  }
}
