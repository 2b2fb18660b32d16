import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { BrokerMessage } from './broker/types.ts'
import {
  type AiResult,
  clientTokenSchema,
  type DownMessage,
  type ParsedTopic,
  parseTopic,
  ReplyCode,
  topic,
  type UpMessage,
  upMessageSchema,
} from './contract.ts'
import type { EventService } from './events/events.ts'
import { faultText } from './faults.ts'
import type { Ingest } from './ingest/ingest.ts'
import { errorText, type Logger } from './log.ts'
import type { Losses } from './losses/losses.ts'
import { planFault, planProperties } from './plan.ts'
import type { Presence } from './presence.ts'
import type { Registry } from './registry.ts'
import type { Device, Plan } from './store/index/types.ts'
import type { Signer } from './tokens.ts'
import { issueUploadToken } from './upload-token.ts'

/** What can still be read of a message that is not valid. */
const strangerSchema = z.object({ method: z.string().max(64), clientToken: clientTokenSchema })

export type BridgeDependencies = {
  registry: Registry
  presence: Presence
  signer: Signer
  log: Logger
  now: () => number
  publish(topic: string, payload: string): Promise<void>
  events: EventService
  losses: Losses
  ingest: Pick<Ingest, 'booted'>
  /** whether this instance is the one that answers; others hear the same */
  answers(device: string, clientToken: string): boolean
  /** deletes everything that a device has recorded */
  destroy(device: Device): Promise<void>
  /** tus collection of a channel, as devices reach it */
  uploadUrl(device: Device, channel: number): string
}

export type BridgeCounters = { received: number; invalid: number; failed: number }

/** Answers what devices ask over MQTT and tells them when a plan changes. */
export class MqttBridge {
  readonly counters: BridgeCounters = { received: 0, invalid: 0, failed: 0 }

  constructor(private readonly parts: BridgeDependencies) {}

  /** Takes a message. Never throws: a bad one is logged, counted and, where it can be, answered with 400. */
  async receive(message: BrokerMessage): Promise<void> {
    this.counters.received++
    const source = parseTopic(message.topic)
    if (source?.direction !== 'up') return
    try {
      const json = parseJson(message.payload)
      const parsed = upMessageSchema.safeParse(json)
      if (!this.#isOurs(source, json)) {
        if (parsed.success && parsed.data.method === 'heartbeat')
          await this.#noteHeartbeat(source, parsed.data)
        return
      }
      if (parsed.success) await this.#handle(source, parsed.data)
      else await this.#answerInvalid(source, json, faultText(parsed.error))
    } catch (error) {
      this.counters.failed++
      this.parts.log.error('MQTT message not handled', {
        topic: message.topic,
        reason: errorText(error),
      })
    }
  }

  #isOurs(source: ParsedTopic, json: unknown): boolean {
    const stranger = strangerSchema.safeParse(json)
    const device = `${source.productId}/${source.deviceName}`
    return this.parts.answers(device, stranger.success ? stranger.data.clientToken : '')
  }

  /** Whoever is asked whether a device is there must know, not only who answers it. */
  async #noteHeartbeat(
    source: ParsedTopic,
    message: Extract<UpMessage, { method: 'heartbeat' }>,
  ): Promise<void> {
    const device = await this.parts.registry.device(source.productId, source.deviceName)
    if (device) this.#beat(device, message.params)
  }

  #beat(device: Device, params: Extract<UpMessage, { method: 'heartbeat' }>['params']): void {
    this.parts.presence.heartbeat(device, params)
    this.parts.ingest.booted(device.id, params.bootId)
  }

  /** Tells a device that a channel's plan changed. One that is offline asks when it is back. */
  async pushPlan(device: Device, channel: number, plan: Plan): Promise<void> {
    const { productId, deviceName } = device
    await this.#send(
      { direction: 'up', kind: 'property', productId, deviceName },
      {
        method: 'control',
        clientToken: randomUUID(),
        params: { channel, ...planProperties(plan) },
      },
    )
  }

  /** Tells a device what an analysis found. One that is offline does not hear of it. */
  async pushAiResult(device: Device, params: AiResult): Promise<void> {
    const { productId, deviceName } = device
    await this.#send(
      { direction: 'up', kind: 'service', productId, deviceName },
      { method: 'ai_result', clientToken: randomUUID(), params },
    )
  }

  async #handle(source: ParsedTopic, message: UpMessage): Promise<void> {
    const { registry, log, now } = this.parts
    const device = await registry.device(source.productId, source.deviceName)
    if (!device) {
      log.warn('MQTT message of an unknown device', { topic: topicOf(source) })
      return
    }
    const { clientToken } = message
    switch (message.method) {
      case 'heartbeat':
        this.#beat(device, message.params)
        await this.parts.events.booted(device, message.params.bootId)
        return
      case 'control_reply':
        if (message.code !== ReplyCode.ok)
          log.warn('a device did not take its plan', {
            device: `${source.productId}/${source.deviceName}`,
            code: message.code,
            status: message.status,
          })
        return
      case 'ai_result_reply':
        return
      case 'event_start': {
        const answer = await this.parts.events.start(device, message.params)
        await this.#send(source, { method: 'event_start_reply', clientToken, ...answer })
        return
      }
      case 'event_stop': {
        const answer = await this.parts.events.stop(device, message.params)
        await this.#send(source, { method: 'event_stop_reply', clientToken, ...answer })
        return
      }
      case 'event_report': {
        const answer = await this.parts.events.report(device, message.params)
        await this.#send(source, { method: 'event_report_reply', clientToken, ...answer })
        return
      }
      case 'loss_report':
        await this.parts.losses.report(device, message.params)
        await this.#send(source, {
          method: 'loss_report_reply',
          clientToken,
          code: ReplyCode.ok,
          status: 'ok',
        })
        return
      case 'clock_epoch':
        await this.parts.losses.correctClock(device, message.params)
        await this.#send(source, {
          method: 'clock_epoch_reply',
          clientToken,
          code: ReplyCode.ok,
          status: 'ok',
        })
        return
      case 'destroy':
        await this.parts.destroy(device)
        await this.#send(source, {
          method: 'destroy_reply',
          clientToken,
          code: ReplyCode.ok,
          status: 'ok',
        })
        return
      case 'get_status': {
        const { channel } = message.params
        const plan = await registry.plan(device, channel)
        await this.#send(source, {
          method: 'get_status_reply',
          clientToken,
          code: ReplyCode.ok,
          status: 'ok',
          data: { channel, ...planProperties(plan) },
        })
        return
      }
      case 'upload_token': {
        const { channel } = message.params
        const plan = await registry.plan(device, channel)
        const reply = { method: 'upload_token_reply', clientToken } as const
        const status = planFault(plan, channel)
        if (status !== undefined) {
          await this.#send(source, { ...reply, code: ReplyCode.noPlan, status })
          return
        }
        const grant = issueUploadToken(this.parts.signer, device, channel, now())
        const data = { ...grant, url: this.parts.uploadUrl(device, channel) }
        await this.#send(source, { ...reply, code: ReplyCode.ok, status: 'ok', data })
        return
      }
    }
  }

  async #answerInvalid(source: ParsedTopic, json: unknown, reason: string): Promise<void> {
    this.counters.invalid++
    const device = `${source.productId}/${source.deviceName}`
    this.parts.log.warn('invalid MQTT message', { device, reason })
    const stranger = strangerSchema.safeParse(json)
    // an answer is never answered
    if (!stranger.success || stranger.data.method.endsWith('_reply')) return
    await this.parts.publish(
      topic('down', source.kind, source.productId, source.deviceName),
      JSON.stringify({
        method: `${stranger.data.method}_reply`,
        clientToken: stranger.data.clientToken,
        code: ReplyCode.badRequest,
        status: reason.slice(0, 256),
      }),
    )
  }

  #send(source: ParsedTopic, message: DownMessage): Promise<void> {
    const { kind, productId, deviceName } = source
    return this.parts.publish(topic('down', kind, productId, deviceName), JSON.stringify(message))
  }
}

const topicOf = (source: ParsedTopic): string =>
  topic(source.direction, source.kind, source.productId, source.deviceName)

const parseJson = (payload: Buffer): unknown => {
  try {
    return JSON.parse(payload.toString('utf8'))
  } catch {
    return undefined
  }
}
