import { errorText } from '../log.ts'
import type { IndexWriter } from './index-writer.ts'
import type { KeyedLock } from './keyed-lock.ts'
import { supersede } from './open-slice.ts'
import { SettleQueue } from './settle-queue.ts'
import type { FinderParts, SliceFinder } from './slice-finder.ts'
import type { SlicesInHand } from './slices-in-hand.ts'

/** What changed goes to the index this often, in one statement; readers here see it at once, others this late. */
const CYCLE_MS = 500
/** Other instances take slices over and leave some behind: how often that is looked at. */
const PASSING_INTERVAL_MS = 2000
/** What could not be made whole is tried again after this. */
const SETTLE_AGAIN_MS = 5000

/** What happens twice a second to the slices in hand, whether their devices send or not. */
export class Housekeeping {
  readonly #settling: SettleQueue
  #timer: NodeJS.Timeout | undefined
  #cycling: Promise<void> | undefined
  #passedMs = Number.NEGATIVE_INFINITY

  constructor(
    private readonly parts: FinderParts,
    private readonly hand: SlicesInHand,
    private readonly writer: IndexWriter,
    private readonly finder: SliceFinder,
    private readonly lock: KeyedLock,
  ) {
    this.#settling = new SettleQueue(parts.log)
  }

  start(): void {
    this.#timer = setInterval(() => void this.cycle(), CYCLE_MS)
    this.#timer.unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#cycling
  }

  /** Look for what came and went, cut what is silent, tell the index what changed. */
  cycle(): Promise<void> {
    this.#cycling ??= this.#pass()
      .then(() => this.#cutSilent())
      .then(() => this.flush())
      .catch((error) => this.parts.log.error('index not updated', { reason: errorText(error) }))
      .finally(() => {
        this.#cycling = undefined
      })
    return this.#cycling
  }

  /** Resolves once everything that is closed and indexed has been made whole. */
  settled(): Promise<void> {
    return this.#settling.idle()
  }

  async #pass(): Promise<void> {
    const { objects, now } = this.parts
    if (!objects.isShared || performance.now() - this.#passedMs < PASSING_INTERVAL_MS) return
    const { lost, found, superseded } = await objects.passing()
    this.#passedMs = performance.now()
    const isLost = new Set(lost)
    const isSuperseded = new Set(superseded)
    for (const entry of this.hand.all()) {
      // it is followed there from now on, and the index has it from there
      if (isLost.has(entry.key)) this.hand.drop(entry)
      else if (isSuperseded.has(entry.key)) supersede(entry, now())
    }
    for (const unsettled of found) await this.finder.takeUp(unsettled)
  }

  async #cutSilent(): Promise<void> {
    const { log, now } = this.parts
    const nowMs = now()
    for (const entry of this.hand.all()) {
      if (entry.slice.state !== 'open' || entry.deadlineMs > nowMs) continue
      await this.lock.run(entry.name, async () => {
        // an append may have come while the lock was waited for
        if (entry.slice.state !== 'open' || entry.deadlineMs > now()) return
        await this.hand.closeObject(entry)
        entry.slice = { ...entry.slice, state: 'cut' }
        this.writer.note(entry)
        log.info('slice cut', { slice: entry.key, bytes: entry.slice.bytes })
      })
    }
  }

  async flush(): Promise<void> {
    for (const { entry, slice } of await this.writer.flush()) {
      if (slice.state === 'open') continue
      // the index has all of it: the journal is not needed any more, and neither is the entry
      const settle = async () => {
        if (entry.slice !== slice || entry.object || this.hand.get(entry.name) !== entry) return
        await this.parts.objects.settle(entry.key)
        this.hand.delete(entry)
      }
      this.#settling.add({
        name: entry.key,
        run: () => this.lock.run(entry.name, settle),
        again: () => setTimeout(() => this.writer.note(entry), SETTLE_AGAIN_MS).unref(),
      })
    }
  }
}
