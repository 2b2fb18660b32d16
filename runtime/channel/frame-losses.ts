import { PICTURE_NEED_IDR, RING_FULL, RING_TABLE_FULL } from '../../core-wasm/index.ts'
import type { NewLoss } from '../ledger/ledger.ts'
import type { LossCause } from '../mqtt/messages.ts'

/** Tells the ledger of frames that were not recorded. What was never muxed counts with the bytes of its frames. */
export class FrameLosses {
  readonly #channel: number
  readonly #tell: (loss: NewLoss) => void
  /** why the picture before was refused: those that need it are lost with it */
  #cause: LossCause = 'rejected'

  constructor(channel: number, tell: (loss: NewLoss) => void) {
    this.#channel = channel
    this.#tell = tell
  }

  /** A frame was refused: there is no plan. */
  unplanned(utcMs: number, bytes: number): void {
    this.#add('no-plan', utcMs, bytes)
  }

  /** A frame was refused by the core. */
  refused(status: number, utcMs: number, bytes: number): void {
    if (status === RING_FULL || status === RING_TABLE_FULL) this.#cause = 'drop'
    else if (status !== PICTURE_NEED_IDR) this.#cause = 'rejected'
    this.#add(this.#cause, utcMs, bytes)
  }

  taken(): void {
    this.#cause = 'rejected'
  }

  /** The labels jumped: there is no video of the time between. */
  jumped(fromMs: number, toMs: number): void {
    const loss = { channel: this.#channel, startMs: fromMs, endMs: toMs, bytes: 0 }
    this.#tell({ ...loss, cause: 'clock' })
  }

  #add(cause: LossCause, utcMs: number, bytes: number): void {
    this.#tell({ channel: this.#channel, startMs: utcMs, endMs: utcMs, bytes, cause })
  }
}
