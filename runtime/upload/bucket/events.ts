import { createHash } from 'node:crypto'
import type { Clock, Random } from '../../clock.ts'
import type { EventCloud } from '../../event/dependencies.ts'
import type { PutPicture } from '../../event/picture.ts'
import { pictureType } from '../../event/picture-upload.ts'
import {
  BUCKET_LAYOUT_VERSION,
  type BucketEvent,
  bucketBase,
  eventKey,
} from '../../mqtt/bucket-layout.ts'
import { type EventStart, ReplyCode } from '../../mqtt/messages.ts'
import type { System } from '../../system.ts'
import type { HttpTimeouts } from '../http.ts'
import type { CheckedBucketUplink } from './options.ts'
import { BucketPair } from './pair.ts'

const EXTENSIONS: Record<string, string> = { 'image/jpeg': 'jpg', 'image/png': 'png' }
/** A grant's URL is ours alone: it says where the picture belongs. */
const GRANT = 'bucket:'

type Put = { key: string; body: Uint8Array; contentType: string }

/** Events of a device whose recordings go to a bucket: an object of JSON each, replaced when the event has ended, and its picture. */
export class BucketEvents {
  readonly #system: System
  readonly #times: () => HttpTimeouts

  constructor(system: System, times: () => HttpTimeouts) {
    this.#system = system
    this.#times = times
  }

  readonly cloud: EventCloud = {
    start: (params) => this.#tell(params, {}),
    stop: async ({ endMs, videoEndMs, ...params }) => {
      const told = await this.#tell(params, {
        endMs,
        ...(videoEndMs === undefined || videoEndMs === null ? {} : { videoEndMs }),
      })
      return told && { code: told.code, status: told.status }
    },
    report: ({ atMs, ...params }) =>
      this.#tell({ ...params, startMs: atMs, videoStartMs: atMs }, { endMs: atMs, isMoment: true }),
  }

  /** Pictures lie beside their events. */
  readonly putPicture: PutPicture = (grant, bytes) => {
    const contentType = pictureType(bytes)
    const key = `${grant.url.slice(GRANT.length)}.${EXTENSIONS[contentType] ?? 'bin'}`
    const { done, cancel } = this.#put({ key, body: bytes, contentType })
    return {
      done: done.then(({ outcome, message }) => ({
        outcome: outcome === 'ok' ? 'ok' : outcome === 'config' ? 'reject' : 'retry',
        message,
      })),
      cancel,
    }
  }

  async #tell(params: EventStart, more: Partial<BucketEvent>) {
    const bucket = this.#system.bucket
    if (!bucket) return undefined
    const { channel, key, eventId, info, ai, startMs, videoStartMs } = params
    const event: BucketEvent = {
      version: BUCKET_LAYOUT_VERSION,
      channel,
      key,
      eventId,
      info,
      ai,
      startMs,
      videoStartMs,
      isMoment: false,
      ...more,
    }
    const base = bucketBase({ ...bucket.device, channel })
    const { outcome } = await this.#put({
      key: eventKey(base, startMs, key, 'json'),
      body: Buffer.from(JSON.stringify(event)),
      contentType: 'application/json',
    }).done
    if (outcome !== 'ok') return undefined
    const url = `${GRANT}${eventKey(base, startMs, key, '').slice(0, -1)}`
    const picture = { url, token: key, expiresAtMs: Number.MAX_SAFE_INTEGER }
    return { code: ReplyCode.ok, status: 'ok', data: { picture } }
  }

  /** Events are few: each PUT has a connection of its own. */
  #put({ key, body, contentType }: Put) {
    const { clock, random } = this.#system
    const pair = openPair(this.#system.bucket!.uplink, clock, random)
    const sha256 = createHash('sha256').update(body).digest('hex')
    const done = pair
      .put({ key, body: [body], sha256, contentType }, this.#times())
      .finally(() => pair.close())
    return { done, cancel: () => pair.close() }
  }
}

/** For one PUT: the fallback is not waited for. */
const openPair = (uplink: CheckedBucketUplink, clock: Clock, random: Random): BucketPair =>
  new BucketPair({
    uplink: { ...uplink, fallbackAfterMs: 0 },
    channel: 0,
    clock,
    random,
    onSwitch: () => {},
  })
