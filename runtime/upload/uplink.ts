import type { Timer } from '../clock.ts'
import { Machine } from '../machine.ts'
import type { FailureCounts } from './failure.ts'
import { UPLINK_ROWS, type UplinkActions, type UplinkEvent, type UplinkState } from './states.ts'
import type { UplinkOptions } from './uplink-requests.ts'
import { APPEND_BYTES, APPEND_INTERVAL_MS, UplinkSteps } from './uplink-steps.ts'

/**
 * Sends one channel's slices while they are recorded: every 150 ms or 64 KiB an append with checksum and index, straight from the ring, whose bytes
 * are released when the cloud has acknowledged them. One request at a time; what failed goes on where the cloud stands.
 */
export class Uplink {
  readonly #options: UplinkOptions
  readonly #steps: UplinkSteps
  readonly #machine: Machine<UplinkState, UplinkEvent, UplinkActions>
  readonly #appendBytes: number
  readonly #unwatch: () => void
  #tick: Timer | undefined
  #kicked = false

  constructor(options: UplinkOptions) {
    this.#options = options
    this.#appendBytes = options.appendBytes ?? APPEND_BYTES
    this.#steps = new UplinkSteps(
      options,
      (event) => this.#machine.send(event),
      () => this.#machine.state,
    )
    this.#machine = new Machine<UplinkState, UplinkEvent, UplinkActions>(
      UPLINK_ROWS,
      'idle',
      this.#steps,
    )
    this.#unwatch = options.scheduler.watch(options.source)
  }

  get state(): UplinkState {
    return this.#machine.state
  }

  get appends(): number {
    return this.#steps.requests.appends
  }

  get retries(): number {
    return this.#steps.retries
  }

  get failures(): FailureCounts {
    return this.#steps.requests.failures
  }

  get credentialFetches(): number {
    return this.#options.credentials.fetches
  }

  /** How long bytes have been waiting without an acknowledgement. */
  get waitingMs(): number {
    return this.state === 'idle' ? 0 : this.#steps.requests.outage.waitingMs
  }

  /** Start of what is lost and not told of yet. */
  get untoldSinceMs(): number | undefined {
    return this.#steps.work.untoldSinceMs
  }

  /** Nothing of what was pushed waits any more, or nothing of it may be sent today. */
  get drained(): boolean {
    if (this.#machine.state === 'budget') return true
    if (this.#machine.state === 'idle') this.#steps.work.look()
    return this.#steps.work.idle
  }

  start(): void {
    const intervalMs = this.#options.appendIntervalMs ?? APPEND_INTERVAL_MS
    this.#tick = this.#options.clock.after(intervalMs, () => {
      this.start()
      this.flush()
      this.#steps.look()
    })
  }

  /** Sends what there is without waiting for the next turn. */
  flush(): void {
    this.#steps.due = true
    this.#machine.send('work')
  }

  /** Called by every push; cheap unless enough bytes have gathered. */
  pushed(): void {
    const { store } = this.#options
    if (this.#kicked || store.head - store.tail < this.#appendBytes) return
    if (this.#machine.state !== 'idle') return
    this.#kicked = true
    queueMicrotask(this.#kick)
  }

  readonly #kick = (): void => {
    this.#kicked = false
    this.#machine.send('work')
  }

  /** The device is online again: no reason to wait longer. */
  online(): void {
    this.#steps.online()
  }

  /** The plan permits uploads again. */
  planned(): void {
    this.#machine.send('planned')
  }

  /** Throws away what waits, once the request under way has ended; the recording must have ended. Its token is void. */
  discard(): void {
    this.#steps.discard()
    this.#machine.send('discard')
  }

  /** Stops for good. What was not acknowledged stays unacknowledged. */
  close(): void {
    this.#tick?.cancel()
    this.#unwatch()
    this.#machine.send('close')
    this.#steps.close()
  }
}
