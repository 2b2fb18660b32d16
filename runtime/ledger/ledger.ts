import type { Clock } from '../clock.ts'
import { errorText, type Logger } from '../log.ts'
import {
  type ClockEpoch,
  type ClockShift,
  LOSSES_PER_MESSAGE,
  type Loss,
  type LossCause,
  type LossReport,
  WITHDRAWN_PER_MESSAGE,
} from '../mqtt/messages.ts'
import type { LedgerFile, LedgerState } from './ledger-file.ts'
import { ShiftLog } from './shift-log.ts'

/** Losses of the same kind that lie no farther apart are one. */
const MERGE_MS = 2000
/** What is kept at most; then the oldest that the cloud knows go, and after them neighbours are joined. */
export const LEDGER_MAX = 1000
/** The ledger is written this often at most, except when the module is left. */
const WRITE_INTERVAL_MS = 10_000
/** While nothing is lost the file is touched this often: it says up to when all was well. */
const MARK_INTERVAL_MS = 60_000

export type NewLoss = {
  channel: number
  startMs: number
  endMs: number
  bytes: number
  cause: LossCause
  /** slice whose later upload brings it back */
  slice?: string | undefined
}

type Entry = LedgerState['entries'][number]

export type LedgerOptions = {
  bootId: string
  clock: Clock
  log: Logger
  /** absent: kept in memory only */
  file?: LedgerFile | undefined
}

/** Every interval of every channel that is missing, and why. Bounded, kept on disk where there is one, told to the cloud until it has taken it. */
export class Ledger {
  readonly #options: LedgerOptions
  readonly #entries = new Map<string, Entry>()
  readonly #withdrawn = new Set<string>()
  readonly #shifts: ShiftLog
  /** by channel: up to when everything recorded was safe */
  readonly #recording = new Map<number, number>()
  /** channels that were recording when an earlier start of the program ended */
  readonly #interrupted = new Map<number, number>()
  #number = 0
  /** recordings were destroyed while no spool was open: what the next one finds is to go */
  isPurgeDue = false
  #isDirty = false
  #writtenMs = Number.NEGATIVE_INFINITY
  #hasFailed = false

  constructor(options: LedgerOptions) {
    this.#options = options
    const state = this.#read()
    for (const entry of state?.entries ?? []) this.#entries.set(keyOf(entry.loss), entry)
    for (const id of state?.withdrawn ?? []) this.#withdrawn.add(id)
    this.isPurgeDue = state?.isPurgeDue ?? false
    this.#shifts = new ShiftLog(state?.shifts)
    for (const { channel, safeMs } of state?.recording ?? []) this.#interrupted.set(channel, safeMs)
  }

  /** What is missing of a channel, or of all, in order of time. */
  losses(channel?: number): Loss[] {
    return [...this.#entries.values()]
      .map(({ loss }) => ({ ...loss }))
      .filter((loss) => channel === undefined || loss.channel === channel)
      .sort((a, b) => a.startMs - b.startMs || (a.id < b.id ? -1 : 1))
  }

  /** Notes a loss down: joined to one that it continues. Cheap enough for every frame that is refused. */
  add({ channel, cause, slice, ...given }: NewLoss): void {
    const startMs = Math.max(0, Math.round(Math.min(given.startMs, given.endMs)))
    const endMs = Math.max(startMs, Math.round(given.endMs))
    this.#isDirty = true
    const joined = slice === undefined ? this.#neighbour(channel, cause, startMs, endMs) : undefined
    if (joined) {
      const { loss } = joined
      loss.startMs = Math.min(loss.startMs, startMs)
      loss.endMs = Math.max(loss.endMs, endMs)
      loss.bytes += given.bytes
      joined.isReported = false
      return
    }
    const number = String(this.#number++ % 100_000_000).padStart(8, '0')
    const id = `${this.#options.bootId}-${number}`
    const loss = { id, channel, startMs, endMs, bytes: given.bytes, cause }
    this.#entries.set(keyOf(loss), {
      loss,
      isReported: false,
      ...(slice !== undefined && { slice }),
    })
    if (this.#entries.size > LEDGER_MAX) this.#shrink()
  }

  /** A later upload brought all of a slice. */
  withdraw(channel: number, slice: string): void {
    for (const [key, entry] of this.#entries) {
      if (entry.loss.channel !== channel || entry.slice !== slice) continue
      this.#entries.delete(key)
      // one that the cloud was never told of it need not forget
      this.#withdrawn.add(entry.loss.id)
      this.#isDirty = true
    }
  }

  /**
   * A channel begins to record: on disk at once, as the next start of the program must know of it. What an earlier recording has left in the ring is
   * not safe yet either.
   */
  mark(channel: number, sinceMs: number): void {
    const old = this.#recording.get(channel) ?? Number.POSITIVE_INFINITY
    this.#recording.set(channel, Math.min(old, Math.round(sinceMs)))
    this.save()
  }

  /** All that a channel recorded before this is safe. Written now and then: a mark that is too old only claims too little. */
  moveMark(channel: number, safeMs: number): void {
    const old = this.#recording.get(channel)
    if (old !== undefined && safeMs > old) this.#recording.set(channel, Math.round(safeMs))
  }

  /** A channel's recording has ended in good order. */
  unmark(channel: number): void {
    if (this.#recording.delete(channel)) this.#isDirty = true
  }

  /** From when on an earlier start of the program cannot vouch for what it recorded; told once. */
  takeInterrupted(channel: number): number | undefined {
    const safeMs = this.#interrupted.get(channel)
    if (safeMs !== undefined) this.#isDirty = true
    this.#interrupted.delete(channel)
    return safeMs
  }

  /** The wall clock was stepped. Labels below `wrongBeforeMs` are of a clock that knew no time: the step sets them right. */
  stepped(stepMs: number, wrongBeforeMs: number): void {
    for (const [channel, safeMs] of this.#recording) this.#recording.set(channel, safeMs + stepMs)
    for (const entry of this.#entries.values()) {
      const { loss } = entry
      if (loss.startMs >= wrongBeforeMs) continue
      loss.startMs = Math.max(0, Math.round(loss.startMs + stepMs))
      loss.endMs = Math.max(loss.startMs, Math.round(loss.endMs + stepMs))
      entry.isReported = false
    }
    this.#isDirty = true
  }

  /** What is to be corrected at the cloud of what a start of the program labelled. */
  shiftsAre(bootId: string, shifts: ClockShift[]): void {
    if (this.#shifts.set(bootId, shifts)) this.save()
  }

  get shiftReport(): ClockEpoch | undefined {
    return this.#shifts.report
  }

  shiftsTold(report: ClockEpoch): void {
    this.#shifts.told(report)
    this.#isDirty = true
  }

  /** What the cloud is to be told next; undefined when it knows everything. */
  get report(): LossReport | undefined {
    const losses: Loss[] = []
    for (const { loss, isReported } of this.#entries.values())
      if (!isReported && losses.length < LOSSES_PER_MESSAGE) losses.push({ ...loss })
    const withdrawn = [...this.#withdrawn].slice(0, WITHDRAWN_PER_MESSAGE)
    return losses.length + withdrawn.length > 0 ? { losses, withdrawn } : undefined
  }

  /** The cloud has taken a report. What grew meanwhile is told of again. */
  reported({ losses, withdrawn }: LossReport): void {
    for (const told of losses) {
      const entry = this.#entries.get(keyOf(told))
      if (entry && sameLoss(entry.loss, told)) entry.isReported = true
    }
    for (const id of withdrawn) this.#withdrawn.delete(id)
    this.#isDirty = true
  }

  /** Called about once a second: writes what changed, now and then. */
  tick(): void {
    const sinceMs = this.#options.clock.monoMs() - this.#writtenMs
    if (
      this.#isDirty
        ? sinceMs >= WRITE_INTERVAL_MS
        : this.#recording.size > 0 && sinceMs >= MARK_INTERVAL_MS
    )
      this.save()
  }

  save(): void {
    const { file, clock, log } = this.#options
    if (!file) return
    this.#writtenMs = clock.monoMs()
    try {
      file.write({
        version: 1,
        entries: [...this.#entries.values()],
        withdrawn: [...this.#withdrawn],
        isPurgeDue: this.isPurgeDue,
        shifts: this.#shifts.state,
        recording: [...this.#interrupted, ...this.#recording].map(([channel, safeMs]) => ({
          channel,
          safeMs,
        })),
      })
      this.#isDirty = false
      this.#hasFailed = false
    } catch (error) {
      if (!this.#hasFailed) log.error(`the ledger of losses was not written: ${errorText(error)}`)
      this.#hasFailed = true
    }
  }

  // ── inside ──────────────────────────────────────────────────────────────────────────────────────

  #read(): LedgerState | undefined {
    try {
      return this.#options.file?.read()
    } catch (error) {
      this.#options.log.error(`the ledger of losses was not read: ${errorText(error)}`)
      return undefined
    }
  }

  /** The newest entries come last, and what continues one is of the last few. */
  #neighbour(channel: number, cause: LossCause, startMs: number, endMs: number): Entry | undefined {
    for (const entry of this.#entries.values()) {
      const { loss, slice } = entry
      if (slice !== undefined || loss.channel !== channel || loss.cause !== cause) continue
      if (startMs <= loss.endMs + MERGE_MS && endMs >= loss.startMs - MERGE_MS) return entry
    }
    return undefined
  }

  /** Room is made: by what the cloud has, else by joining the two oldest of a channel and cause. */
  #shrink(): void {
    for (const [key, { isReported, slice }] of this.#entries)
      if (isReported && slice === undefined) {
        this.#entries.delete(key)
        return
      }
    const oldest = new Map<string, Entry>()
    for (const [key, entry] of this.#entries) {
      const kind = `${entry.loss.channel}/${entry.loss.cause}`
      const first = oldest.get(kind)
      if (!first) {
        oldest.set(kind, entry)
        continue
      }
      first.loss.startMs = Math.min(first.loss.startMs, entry.loss.startMs)
      first.loss.endMs = Math.max(first.loss.endMs, entry.loss.endMs)
      first.loss.bytes += entry.loss.bytes
      first.isReported = false
      delete first.slice
      this.#entries.delete(key)
      this.#withdrawn.add(entry.loss.id)
      return
    }
  }
}

const keyOf = ({ channel, id }: Pick<Loss, 'channel' | 'id'>): string => `${channel}/${id}`

const sameLoss = (a: Loss, b: Loss): boolean =>
  a.startMs === b.startMs && a.endMs === b.endMs && a.bytes === b.bytes && a.cause === b.cause
