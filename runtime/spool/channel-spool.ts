import type { SliceIds } from '../channel/slice-ids.ts'
import type { SliceStore } from '../channel/slices.ts'
import type { Clock, Random } from '../clock.ts'
import type { NewLoss } from '../ledger/ledger.ts'
import type { Logger } from '../log.ts'
import type { CredentialStore } from '../upload/credentials.ts'
import type { HttpTimeouts } from '../upload/http.ts'
import type { Scheduler } from '../upload/scheduler.ts'
import type { SliceResult } from '../upload/slice-work.ts'
import type { SliceClient } from '../upload/tus.ts'
import { guarded } from './guarded-store.ts'
import type { Spool } from './spool.ts'
import { SpoolSender } from './spool-sender.ts'
import { SpoolWriter } from './spool-writer.ts'

export type ChannelSpoolOptions = {
  channel: number
  spool: Spool
  store: SliceStore
  ids: SliceIds
  clock: Clock
  random: Random
  log: Logger
  client: SliceClient
  credentials: CredentialStore
  scheduler: Scheduler
  times(): HttpTimeouts
  writeBytes: number
  afterMs: number
  isEvent(): boolean
  onLost(loss: NewLoss): void
  /** a slice that was told of as lost is at the cloud after all */
  onWhole(slice: string): void
}

/** One channel's part in the spool: what its ring cannot hold goes in, what the line has room for comes out. */
export class ChannelSpool {
  readonly writer: SpoolWriter
  /** for the uplink, in place of the store */
  readonly store: SliceStore
  readonly #options: ChannelSpoolOptions
  readonly #sender: SpoolSender

  constructor(options: ChannelSpoolOptions) {
    this.#options = options
    const { channel, onLost, log } = options
    this.#sender = new SpoolSender({
      ...options,
      onSent: (slice, bytes) => {
        log.info(`${slice.id} was sent from the spool`)
        const { startMs, endMs, isCut } = slice
        if (bytes > 0) onLost({ channel, startMs, endMs, bytes, cause: isCut ? 'drop' : 'restart' })
      },
      onRefused: ({ id, acked, to, startMs, endMs }, reason) => {
        log.error(`${id} can not be sent from the spool: ${reason}`)
        onLost({ channel, startMs, endMs, bytes: Math.max(0, to - acked), cause: 'network' })
      },
    })
    this.writer = new SpoolWriter({
      ...options,
      onReady: () => this.#sender.wake(),
      onLost: (lost) => onLost({ ...lost, channel, cause: 'drop', slice: undefined }),
    })
    this.store = guarded(options.store, (position) => this.writer.beforeRelease(position))
  }

  /** Sends what earlier starts of the program left. */
  start(): void {
    this.#sender.wake()
  }

  acknowledged(position: number): void {
    this.writer.acknowledged(position)
  }

  settle(result: SliceResult): void {
    this.writer.settle(result)
    if (result.whole) this.#options.onWhole(this.#options.ids.of(result.slice.number))
  }

  /** The line is back. */
  online(): void {
    this.#sender.online()
  }

  close(): void {
    this.#sender.close()
  }
}
