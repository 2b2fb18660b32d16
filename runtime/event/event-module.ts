import { join } from 'node:path'
import type { Channel } from '../channel/channel.ts'
import { type Logger, withPrefix } from '../log.ts'
import type { AiResult } from '../mqtt/event-messages.ts'
import type { ChannelOptions } from '../options.ts'
import { iv_err_code_e } from '../status.ts'
import type { System } from '../system.ts'
import {
  type iv_cs_ai_process_s,
  iv_cs_event_report_opt_e,
  type iv_cs_init_func_cb_s,
} from '../types.ts'
import { BucketEvents } from '../upload/bucket/events.ts'
import type { HttpTimeouts } from '../upload/http.ts'
import { AiTypes, isAiType } from './ai-types.ts'
import { EventCallbacks } from './callbacks.ts'
import type { EventCloud } from './dependencies.ts'
import { type DirectReportParts, reportDirectly } from './direct-report.ts'
import { eventCloud } from './event-cloud.ts'
import { Events, type EventVerdict } from './events.ts'
import { checkInfo, eventIdFault } from './info.ts'
import { MailStore } from './mail-store.ts'
import { type PutPicture, pictureOf } from './picture.ts'
import { pictureUploader } from './picture-upload.ts'
import { positionFrom, positionTo } from './positions.ts'
import { FUTURE_MAX_MS } from './times.ts'

const outOfRange = (message: string): EventVerdict => ({
  code: iv_err_code_e.IV_ERR_CS_INIT_PRM_RANGE,
  message,
})
const DONE: EventVerdict = { code: iv_err_code_e.IV_ERR_NONE, message: '' }

/** Events of all channels of a device: makes each channel's, and what is the same for all of them. */
export class EventModule {
  readonly #system: System
  readonly #times: () => HttpTimeouts
  /** where events go when recordings go to a bucket */
  readonly #bucket: BucketEvents
  readonly #mqtt: EventCloud
  readonly #ai = new AiTypes()

  constructor(system: System, times: () => HttpTimeouts) {
    this.#system = system
    this.#times = times
    this.#mqtt = eventCloud(system)
    this.#bucket = new BucketEvents(system, times)
  }

  get #cloud(): EventCloud {
    return this.#system.bucket ? this.#bucket.cloud : this.#mqtt
  }

  /** The events of one channel. */
  open(
    options: ChannelOptions,
    channel: Channel,
    callbacks: iv_cs_init_func_cb_s,
    log: Logger,
    isMissing: (startMs: number, endMs: number) => boolean,
  ): Events {
    const system = this.#system
    const { id, core, window } = channel
    return new Events({
      channel: id,
      rule: options.event_report_opt ?? iv_cs_event_report_opt_e.CS_EVENT_VIDEO_REQ,
      clock: system.clock,
      random: system.random,
      log: withPrefix(log, 'events'),
      times: this.#times,
      recording: {
        window,
        demand: (on, startUtcMs) => channel.demand(on, startUtcMs),
        from: (utcMs) => positionFrom(core, window, utcMs),
        to: (utcMs) => positionTo(core, utcMs),
        hasReleased: (position) => core.tail >= position,
        isMissing,
      },
      cloud: this.#cloud,
      putPicture: this.#uploader(),
      mail: system.storePath ? new MailStore(join(system.storePath, 'events'), log) : undefined,
      callbacks: new EventCallbacks(id, callbacks, log),
      aiOf: (eventId) => this.#ai.get(id, eventId),
      takeKey: () => system.takeEventKey(id),
      onTrialLeft: (seconds) => {
        const plan = system.plans?.get(id)
        if (plan) system.plans?.set(id, { ...plan, free_trial_remaining_sec: seconds })
      },
      askPlan: () => void system.plans?.query(id, this.#times().replyMs),
    })
  }

  /** reportCsEventDirectly, for a channel that is open. */
  report(
    channel: number,
    eventId: number,
    info: unknown,
    eventTimeS: number,
    picture: Uint8Array | null | undefined,
    pictureBytes: number | undefined,
  ): Promise<EventVerdict> {
    const idFault = eventIdFault(eventId)
    if (idFault !== undefined) return Promise.resolve(outOfRange(idFault))
    const checked = checkInfo(info)
    if ('fault' in checked) return Promise.resolve(outOfRange(checked.fault))
    const nowMs = this.#system.clock.nowMs()
    const atMs = eventTimeS === 0 ? nowMs : eventTimeS * 1000
    if (!Number.isInteger(eventTimeS) || eventTimeS < 0 || atMs > nowMs + FUTURE_MAX_MS)
      return Promise.resolve(
        outOfRange(`event_time_s must be 0 or UTC seconds, not in the future, not ${eventTimeS}`),
      )
    const size = picture ? (pictureBytes ?? picture.length) : 0
    const bytes = pictureOf({ pic: picture ?? null, size })
    if (bytes && 'fault' in bytes) return Promise.resolve(outOfRange(bytes.fault))
    const parts: DirectReportParts = {
      clock: this.#system.clock,
      random: this.#system.random,
      cloud: this.#cloud,
      putPicture: this.#uploader(),
      times: this.#times,
      isOnline: () => this.#system.online || this.#system.bucket !== undefined,
    }
    const params = {
      channel,
      key: this.#system.takeEventKey(channel),
      eventId,
      info: checked.info,
      atMs: Math.round(atMs),
      ai: this.#ai.get(channel, eventId),
    }
    // callers free or reuse the picture as soon as the call returns, which here is before it is done
    return reportDirectly(parts, params, bytes?.slice())
  }

  setAi(channel: number, eventId: number, type: number): EventVerdict {
    const idFault = eventIdFault(eventId)
    if (idFault !== undefined) return outOfRange(idFault)
    if (!isAiType(type))
      return outOfRange(`ai_type must be CLOSE (0) or FALL_DETECT (1), not ${type}`)
    this.#ai.set(channel, eventId, type)
    return DONE
  }

  getAi(
    channel: number,
    eventId: number,
    out: iv_cs_ai_process_s | null | undefined,
  ): EventVerdict {
    const idFault = eventIdFault(eventId)
    if (idFault !== undefined) return outOfRange(idFault)
    if (out === null || typeof out !== 'object')
      return {
        code: iv_err_code_e.IV_ERR_CS_INIT_PRM_NULL,
        message: 'no structure for the type given',
      }
    out.ai_type = this.#ai.get(channel, eventId)
    return DONE
  }

  /** The module is left: what the app had set is forgotten. */
  close(): void {
    this.#ai.clear()
  }

  #uploader(): PutPicture {
    if (this.#system.bucket) return this.#bucket.putPicture
    const { clock, scheduler, ca } = this.#system
    return pictureUploader(clock, this.#times, scheduler, ca)
  }
}

/** Hands what an analysis found to the app. */
export const tellAiResult = (result: AiResult, callbacks: iv_cs_init_func_cb_s): void =>
  callbacks.onAiServiceNotify?.(result.channel, result.ai, Math.floor(result.expiresAtMs / 1000), {
    ...(result.event && { event_key: result.event.key, event_id: result.event.eventId }),
    ...(result.text !== undefined && { text: result.text }),
  })
