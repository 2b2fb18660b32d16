import { join } from 'node:path'
import type { Channel } from './channel/channel.ts'
import { CLOCK_UNSET_BEFORE_MS, Epochs } from './epochs.ts'
import { Ledger, type NewLoss } from './ledger/ledger.ts'
import { LedgerFile } from './ledger/ledger-file.ts'
import { LossReporter } from './ledger/loss-reporter.ts'
import type { Line } from './line.ts'
import type { LossCause } from './mqtt/messages.ts'
import type { DropPolicy } from './spool/drop-policy.ts'
import type { CheckedSpool } from './spool/options.ts'
import { Spool } from './spool/spool.ts'
import type { System } from './system.ts'

/** Causes by which what was recorded is missing. */
const VIDEO_LOSSES: ReadonlySet<LossCause> = new Set(['drop', 'network', 'restart', 'destroyed'])

export type KeeperOptions = {
  spool: CheckedSpool | undefined
  dropPolicy: DropPolicy
  channels: readonly number[]
}

/** What a device keeps besides its rings: the spool while the module is initialised, and the ledger of what is missing for as long as the program runs. */
export class Keeper {
  readonly #system: System
  #path: string | undefined
  #ledger: Ledger | undefined
  #reporter: LossReporter | undefined
  #options: KeeperOptions | undefined
  readonly #epochs: Epochs
  spool: Spool | undefined

  constructor(system: System) {
    this.#system = system
    this.#epochs = new Epochs(system.clock)
  }

  /** Steps of the wall clock since the start of the program. */
  get clockSteps(): number {
    return this.#epochs.current
  }

  get ledger(): Ledger | undefined {
    return this.#ledger
  }

  /** Bytes of one write and the wait before it; undefined without a spool. */
  get writing(): CheckedSpool | undefined {
    return this.spool && this.#options?.spool
  }

  open(options: KeeperOptions): void {
    this.#options = options
    const ledger = this.#openLedger()
    const { spool } = options
    if (spool) this.spool = this.#openSpool(spool, options.dropPolicy, ledger)
    if (this.spool && ledger.isPurgeDue) {
      ledger.isPurgeDue = false
      this.destroyed()
    }
    this.#tellInterrupted(ledger)
    // what comes has the labels of now, whatever happened while the module was left
    for (const channel of options.channels) {
      this.epochEnds(channel, 'slice', this.#system.sliceNumber(channel))
      this.epochEnds(channel, 'event', this.#system.eventNumber(channel))
    }
  }

  /** What an earlier start cannot vouch for reaches up to now: as soon as it is known when that is. */
  #tellInterrupted(ledger: Ledger): void {
    const nowMs = this.#system.clock.nowMs()
    if (nowMs < CLOCK_UNSET_BEFORE_MS) return
    for (const channel of this.#options?.channels ?? []) {
      const safeMs = ledger.takeInterrupted(channel)
      if (safeMs === undefined) continue
      // one whose own clock knew no time cannot say when it began
      const startMs = safeMs < CLOCK_UNSET_BEFORE_MS ? nowMs : Math.min(safeMs, nowMs)
      ledger.add({ channel, startMs, endMs: nowMs, bytes: 0, cause: 'restart' })
    }
  }

  /** Looks whether the wall clock was stepped: what comes has new times, and what was labelled wrongly is corrected at the cloud. */
  lookAtClock(lines: readonly Line[]): void {
    const found = this.#epochs.look()
    if (found === 'none') return
    const { lastStepMs } = this.#epochs
    this.#system.log.warn(`the wall clock was stepped by ${Math.round(lastStepMs)} ms`)
    const isCorrection = found === 'correction'
    this.#ledger?.stepped(lastStepMs, isCorrection ? CLOCK_UNSET_BEFORE_MS : 0)
    for (const { channel } of lines) {
      this.epochEnds(channel.id, 'event', this.#system.eventNumber(channel.id))
      channel.clockStepped(isCorrection)
    }
    this.#noteShifts()
    if (this.#ledger) this.#tellInterrupted(this.#ledger)
  }

  /** Slices or events up to this number have the labels of before the last step. */
  epochEnds(channel: number, kind: 'slice' | 'event', last: number): void {
    this.#epochs.ends(channel, kind, last)
    this.#noteShifts()
  }

  #noteShifts(): void {
    const { shifts } = this.#epochs
    if (shifts.length > 0) this.#ledger?.shiftsAre(this.#system.bootId, shifts)
  }

  lost(loss: NewLoss): void {
    this.#ledger?.add(loss)
  }

  /** Whether some of the video of a time waits in the spool, or is lost. */
  isMissing(channel: number, fromMs: number, toMs: number): boolean {
    for (const { channel: of, startMs, endMs } of this.spool?.slices ?? [])
      if (of === channel && startMs < toMs && endMs > fromMs) return true
    return (this.#ledger?.losses(channel) ?? []).some(
      ({ startMs, endMs, cause }) => VIDEO_LOSSES.has(cause) && startMs < toMs && endMs > fromMs,
    )
  }

  /** A slice that was told of as lost is at the cloud after all. */
  whole(channel: number, slice: string): void {
    this.#ledger?.withdraw(channel, slice)
  }

  /**
   * A channel records, or no longer. That it does is on disk before its first frame comes: should everything stop, the next start knows of it. What cannot be
   * vouched for then is what was not safe yet, so the mark follows the recording by the age of that.
   */
  recording(channel: number, sinceMs: number | undefined): void {
    if (sinceMs === undefined) this.#ledger?.unmark(channel)
    else this.#ledger?.mark(channel, sinceMs)
  }

  /** Recordings were destroyed: of a channel's ring nothing is to be kept. */
  discard({ channel, spool }: Line): void {
    const { clock } = this.#system
    const bytes = spool ? spool.writer.discard() : channel.buffered
    const endMs = clock.nowMs()
    const startMs = endMs - channel.latency.lagMs(clock.monoMs())
    this.#ledger?.add({ channel: channel.id, startMs, endMs, bytes, cause: 'destroyed' })
  }

  /** Recordings were destroyed: what was kept of any channel goes, also what a spool that is not open now has. */
  destroyed(): void {
    const ledger = this.#openLedger()
    for (const { channel, startMs, endMs, acked, to } of this.spool?.slices ?? [])
      ledger.add({ channel, startMs, endMs, bytes: Math.max(0, to - acked), cause: 'destroyed' })
    this.spool?.clear()
    if (!this.spool) ledger.isPurgeDue = true
    ledger.save()
  }

  /** Called about once a second. */
  tick(channels: readonly Channel[]): void {
    const { writing } = this
    for (const { id, unsafeSinceMs } of channels) {
      const savedMs = this.#system.clock.nowMs() - 2 * (writing?.afterMs ?? 0)
      this.#ledger?.moveMark(id, writing ? savedMs : unsafeSinceMs)
    }
    this.#ledger?.tick()
    this.#reporter?.tick()
  }

  /** The module is left: files are closed, the ledger stays readable. */
  close(): void {
    this.spool?.close()
    this.spool = undefined
    for (const channel of this.#options?.channels ?? []) this.#ledger?.unmark(channel)
    this.#ledger?.save()
  }

  #openLedger(): Ledger {
    const { clock, log, bootId, storePath } = this.#system
    if (this.#ledger && this.#path === storePath) return this.#ledger
    this.#path = storePath
    const file =
      storePath === undefined ? undefined : new LedgerFile(join(storePath, 'losses.json'))
    const ledger = new Ledger({ bootId, clock, log, file })
    this.#ledger = ledger
    this.#reporter = new LossReporter({
      ledger,
      clock,
      isOnline: () => this.#system.online,
      tell: (params, timeoutMs) =>
        this.#system.ask('event', { method: 'loss_report', params }, timeoutMs),
      tellClock: (params, timeoutMs) =>
        this.#system.ask('event', { method: 'clock_epoch', params }, timeoutMs),
    })
    return ledger
  }

  #openSpool(spool: CheckedSpool, policy: DropPolicy, ledger: Ledger): Spool | undefined {
    const { clock, log, storePath, identity } = this.#system
    const root = spool.path ?? (storePath && join(storePath, 'spool'))
    if (!root || !identity) return undefined
    return new Spool({
      // what is here is of this device, whatever the folder is used for next
      folder: join(root, identity.productId, identity.deviceName),
      maxBytes: spool.maxBytes,
      policy,
      clock,
      log,
      onDropped: ({ channel, startMs, endMs }, bytes) => {
        ledger.add({ channel, startMs, endMs, bytes, cause: 'drop' })
        // what survived a kill until now: so must the word of its loss
        ledger.save()
      },
    })
  }
}
