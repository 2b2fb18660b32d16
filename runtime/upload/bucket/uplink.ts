import { createHash } from 'node:crypto'
import type { Clock, Random, Timer } from '../../clock.ts'
import type { Logger } from '../../log.ts'
import { Machine } from '../../machine.ts'
import { type BucketChannel, bucketBase, objectKey } from '../../mqtt/bucket-layout.ts'
import type { Piece, SliceStart } from '../../mqtt/messages.ts'
import type { HttpTimeouts } from '../http.ts'
import { backoffMs } from '../retry.ts'
import type { LiveSource, Scheduler } from '../scheduler.ts'
import { SliceWork, type SliceWorkOptions } from '../slice-work.ts'
import type { BucketPut } from './client.ts'
import { objectEnd } from './cut.ts'
import { SliceIndexes } from './indexes.ts'
import { CONTENT_TYPES, metaHeaders } from './meta.ts'
import { type CheckedBucketUplink, gopBytesFor, ringBytesFor } from './options.ts'
import { BucketPair, type PairAnswer, type PutClient } from './pair.ts'
import {
  BUCKET_UPLINK_ROWS,
  type BucketUplinkActions,
  type BucketUplinkEvent,
  type BucketUplinkState,
} from './states.ts'
import { structureFault } from './structure.ts'

/** How often it is looked whether a GOP is whole. */
const LOOK_INTERVAL_MS = 250
/** A misconfiguration does not mend itself within seconds. */
const CONFIG_WAIT_MS = 60_000
/** From this share of the buffer on fragments go out as they come. */
const PRESSED_SHARE = 0.6

export type BucketUplinkOptionsOf = SliceWorkOptions & {
  bucket: CheckedBucketUplink
  device: BucketChannel
  /** u32MaxGopSize */
  ringBytes: number
  /** in place of the network, for tests */
  clients?: readonly PutClient[]
  scheduler: Scheduler
  /** the channel's live video, for the scheduler */
  source: LiveSource
  clock: Clock
  random: Random
  log: Logger
  times(): HttpTimeouts
  onConnectFail(reason: string): void
  onConnectRecover(): void
  /** the store is in trouble or refuses us, once per outage */
  onServiceWrong(reason: string): void
}

type Sending = { start: SliceStart; offset: number; bytes: number; sha256: string; pieces: Piece[] }

/**
 * Puts one channel's recordings into a bucket: an object per GOP, an index per slice. A PUT needs its length before its first byte and frees
 * nothing before its end, so the buffer has to hold the GOP that is sent and the one that is recorded. One request at a time; objects are named by
 * slice and offset, so that one that is sent twice is the same.
 */
export class BucketUplink implements BucketUplinkActions {
  readonly #options: BucketUplinkOptionsOf
  readonly #machine: Machine<BucketUplinkState, BucketUplinkEvent, BucketUplinkActions>
  readonly #work: SliceWork
  readonly #pair: BucketPair
  readonly #base: string
  readonly #indexes: SliceIndexes
  #answer: PairAnswer = { outcome: 'ok', status: 0, message: '', bucket: 0 }
  #sending: Sending | undefined
  readonly #source: LiveSource
  readonly #unwatch: () => void
  #tick: Timer | undefined
  #wait: Timer | undefined
  #kicked = false
  #attempt = 0
  #failing = false
  #serviceWrong = false
  #configReported = ''
  #gopReported = 0
  #discarding = false
  /** objects and indexes that were put */
  appends = 0
  retries = 0

  constructor(options: BucketUplinkOptionsOf) {
    const { bucket, device, clock, random, log } = options
    this.#options = options
    this.#work = new SliceWork(options)
    this.#base = bucketBase(device)
    this.#indexes = new SliceIndexes(this.#base)
    this.#pair = new BucketPair({
      uplink: bucket,
      channel: device.channel,
      clock,
      random,
      ...(options.clients && { clients: options.clients }),
      onSwitch: (toFallback, reason) =>
        log.warn(
          toFallback
            ? `recordings go to the fallback bucket: ${reason}`
            : `back to the first bucket: ${reason}`,
        ),
    })
    this.#machine = new Machine(BUCKET_UPLINK_ROWS, 'idle', this)
    // a GOP that grows cannot be put yet: it is not behind, however old its first picture is
    this.#source = {
      lagMs: () => (this.#nextEnd() === undefined ? 0 : options.source.lagMs()),
      isEvent: () => options.source.isEvent(),
    }
    this.#unwatch = options.scheduler.watch(this.#source)
  }

  get state(): BucketUplinkState {
    return this.#machine.state
  }

  /** Nothing of what was pushed waits any more, nor does an index. */
  get drained(): boolean {
    if (this.#machine.state !== 'idle') return false
    this.#work.look()
    if (!this.#work.idle) return false
    this.#closeBroken()
    this.#indexes.finishHour()
    if (this.#indexes.waiting.length > 0) this.#machine.send('work')
    return this.#indexes.waiting.length === 0
  }

  /** Start of what is lost and not told of yet. */
  get untoldSinceMs(): number | undefined {
    return this.#work.untoldSinceMs
  }

  get onFallback(): boolean {
    return this.#pair.onFallback
  }

  get clockOffsetMs(): number {
    return this.#pair.clockOffsetMs
  }

  start(): void {
    this.#tick = this.#options.clock.after(LOOK_INTERVAL_MS, () => {
      this.start()
      this.flush()
    })
  }

  flush(): void {
    this.#machine.send('work')
  }

  /** Called by every push: cheap. */
  pushed(): void {
    if (this.#kicked || this.#machine.state !== 'idle' || !this.#isPressed()) return
    this.#kicked = true
    queueMicrotask(() => {
      this.#kicked = false
      this.flush()
    })
  }

  /** The line is there again: no reason to wait longer. */
  online(): void {
    if (this.#machine.state !== 'wait') return
    this.#wait?.cancel()
    this.#attempt = 0
    this.#machine.send('timer')
  }

  /** A bucket knows of no plans. */
  planned(): void {}

  /** Throws away what waits, once the request under way has ended; the recording must have ended. */
  discard(): void {
    this.#discarding = true
    this.#machine.send('discard')
  }

  /** Stops for good. */
  close(): void {
    this.#tick?.cancel()
    this.#unwatch()
    this.#machine.send('close')
    this.#pair.close()
    for (this.#work.look(); !this.#work.idle; this.#work.look()) this.#work.end(false)
  }

  #isPressed(): boolean {
    const { store, ringBytes } = this.#options
    return store.head - store.tail > ringBytes * PRESSED_SHARE
  }

  // ── guards ──────────────────────────────────────────────────────────────────────────────────────

  isDiscarding(): boolean {
    return this.#discarding
  }

  hasIndex(): boolean {
    this.#work.look()
    this.#closeBroken()
    return this.#indexes.waiting.length > 0
  }

  /** The slice that objects were added to was given up: its index tells what there is of it, unless its rest comes from elsewhere. */
  #closeBroken(): void {
    const { openId } = this.#indexes
    if (openId === undefined || this.#work.upload?.id === openId) return
    if (this.#options.leavesRest) this.#indexes.drop()
    else this.#indexes.finish(undefined)
  }

  hasObject(): boolean {
    const { scheduler } = this.#options
    // where a metered line has carried its bytes of the day the object waits; it is looked at again with every turn
    return this.#nextEnd() !== undefined && scheduler.allows(this.#source)
  }

  endsSlice(): boolean {
    const upload = this.#work.upload
    return upload?.ended === true && upload.bytesAfter(upload.acknowledged) === 0
  }

  #nextEnd(): number | undefined {
    const upload = this.#work.upload
    if (!upload || upload.bytesAfter(upload.acknowledged) <= 0) return undefined
    const pending = upload.pending().filter((piece) => piece.o + piece.b > upload.acknowledged)
    return objectEnd(pending, upload.ended, this.#isPressed())
  }

  // ── actions ─────────────────────────────────────────────────────────────────────────────────────

  discardAll(): void {
    this.#wait?.cancel()
    this.#discarding = false
    for (this.#work.look(); !this.#work.idle; this.#work.look()) this.#work.end(false)
  }

  putObject(): void {
    const { store, log } = this.#options
    const upload = this.#work.upload!
    const start = upload.start()
    const { offset, views, index } = upload.next(this.#nextEnd()! - upload.acknowledged)
    const bytes = views.reduce((sum, view) => sum + view.length, 0)
    const fault = structureFault(start, views, offset === 0 ? start.initBytes : 0)
    if (fault !== undefined) {
      // should the ring ever be damaged: what is put is to be right
      log.error(`slice ${upload.id} is damaged at ${offset} and given up: ${fault}`)
      this.#work.discard()
      queueMicrotask(() => this.#machine.send('ok'))
      return
    }
    this.#checkGop(index.pieces)
    const hash = createHash('sha256')
    for (const view of views) hash.update(view)
    const sha256 = hash.digest('hex')
    this.#sending = { start, offset, bytes, sha256, pieces: index.pieces }
    // a ring that evicts must not wait for a request that hangs
    const copies = this.#options.leavesRest || this.#options.copies === true
    if (!copies) store.hold(upload.positionOf(offset), upload.positionOf(offset + bytes))
    this.#put(
      {
        key: objectKey(this.#base, start, offset),
        body: copies ? [Buffer.concat(views)] : views,
        sha256,
        contentType: CONTENT_TYPES[start.format],
        headers: metaHeaders(start, index.pieces[0]?.t ?? start.startUtcMs, index.pieces, sha256),
      },
      () => store.unhold(),
    )
  }

  stored(): void {
    this.#progress()
    const sent = this.#sending
    this.#sending = undefined
    if (sent) {
      const { start, offset, bytes, sha256, pieces } = sent
      const { bucket } = this.#answer
      const object = { o: offset, b: bytes, h: sha256, ...(bucket === 1 && { s: 1 }) }
      this.#indexes.add(start, object, pieces)
      this.#work.acknowledge(offset + bytes, false)
    }
    this.again()
  }

  /** Its objects are there; its index comes next. */
  finishSlice(): void {
    const upload = this.#work.upload!
    const { index } = upload.next(0)
    this.#indexes.finish(index.end)
    this.#work.acknowledge(upload.acknowledged, true)
    this.again()
  }

  putIndex(): void {
    const { key, text } = this.#indexes.waiting[0]!
    const body = Buffer.from(text)
    const sha256 = createHash('sha256').update(body).digest('hex')
    this.#put({ key, body: [body], sha256, contentType: 'application/json' }, () => {})
  }

  indexed(): void {
    this.#progress()
    this.#indexes.waiting.shift()
    this.again()
  }

  again(): void {
    this.#machine.send('work')
  }

  backOff(): void {
    this.retries++
    const { random, log } = this.#options
    const waitMs = this.#answer.waitMs ?? backoffMs(this.#attempt++, random)
    log.debug(`bucket uplink waits ${Math.round(waitMs)} ms: ${this.#answer.message}`)
    this.#pause(waitMs)
  }

  backOffWrong(): void {
    this.#tellWrong()
    this.backOff()
  }

  backOffConfig(): void {
    if (this.#configReported !== this.#answer.message) {
      this.#configReported = this.#answer.message
      this.#options.log.error(`the bucket cannot be used as configured: ${this.#answer.message}`)
    }
    this.#tellWrong()
    this.retries++
    this.#pause(CONFIG_WAIT_MS)
  }

  stopTimer(): void {
    this.#wait?.cancel()
  }

  // ── inside ──────────────────────────────────────────────────────────────────────────────────────

  #put(put: BucketPut, done: () => void): void {
    this.appends++
    const bytes = put.body.reduce((sum, view) => sum + view.length, 0)
    const leave = this.#options.scheduler.live(bytes)
    void this.#pair
      .put(put, this.#options.times())
      .finally(done)
      .then((answer) => {
        leave.done(bytes, answer.outcome === 'ok')
        this.#answer = answer
        if (this.#machine.state === 'closed') return
        this.#transport(!(answer.outcome === 'retry' && answer.status < 400))
        this.#machine.send(answer.outcome)
      })
  }

  /** Says once how large the buffer must be when a GOP shows that it is too small. */
  #checkGop(pieces: readonly Piece[]): void {
    const { ringBytes, log } = this.#options
    const largest = Math.max(0, ...pieces.map((piece) => piece.b))
    if (largest <= gopBytesFor(ringBytes) || largest <= this.#gopReported) return
    this.#gopReported = largest
    log.warn(
      `a GOP has ${largest} bytes: a bucket uplink needs u32MaxGopSize of at least ${ringBytesFor(largest)} bytes (2 GOPs and 25 %), not ${ringBytes}`,
    )
  }

  #tellWrong(): void {
    if (this.#serviceWrong) return
    this.#serviceWrong = true
    this.#options.onServiceWrong(this.#answer.message)
  }

  /** Tells of outages of the line, once each. */
  #transport(up: boolean): void {
    if (up === !this.#failing) return
    this.#failing = !up
    if (up) this.#options.onConnectRecover()
    else this.#options.onConnectFail(this.#answer.message)
  }

  #pause(waitMs: number): void {
    this.#wait?.cancel()
    this.#wait = this.#options.clock.after(waitMs, () => this.#machine.send('timer'))
  }

  #progress(): void {
    this.#attempt = 0
    this.#serviceWrong = false
    this.#configReported = ''
  }
}
