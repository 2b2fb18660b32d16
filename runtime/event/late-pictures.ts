import type { Clock, Random, Timer } from '../clock.ts'
import type { Logger } from '../log.ts'
import { type EventStart, eventStartSchema } from '../mqtt/event-messages.ts'
import { ReplyCode } from '../mqtt/messages.ts'
import { backoffMs } from '../upload/retry.ts'
import type { EventCloud } from './dependencies.ts'
import type { MailStore } from './mail-store.ts'
import type { PictureRequest, PutPicture } from './picture.ts'

const ATTEMPT_MS = 60_000
const WAIT_BASE_MS = 1000
const WAIT_CAP_MS = 60_000
/** Pictures that wait at most: with more of them the oldest is given up. */
export const LATE_PICTURES_MAX = 16
/** Without a disk for them they are kept in memory, fewer bytes of them. */
export const LATE_MEMORY_BYTES = 2 * 1024 * 1024

/** Its bytes; undefined when they are on the disk. */
type LatePicture = { start: EventStart; bytes: Uint8Array | undefined }

export type LatePicturesParts = {
  clock: Clock
  random: Random
  log: Logger
  channel: number
  cloud: Pick<EventCloud, 'start'>
  put: PutPicture
  mail?: MailStore | undefined
}

/**
 * Pictures whose event was over before they were at the cloud. The app has its result and its bytes back; the cloud gets them when the line is there
 * again, one after the other, also after a restart when there is a disk to keep them on.
 */
export class LatePictures {
  readonly #parts: LatePicturesParts
  readonly #prefix: string
  readonly #waiting: LatePicture[] = []
  #isBusy = false
  #isClosed = false
  #attempt = 0
  #timer: Timer | undefined
  #request: PictureRequest | undefined
  /** grows when everything is discarded: what was an event's before is not taken any more */
  generation = 0

  constructor(parts: LatePicturesParts) {
    this.#parts = parts
    this.#prefix = `picture-${parts.channel}-`
    this.#restore()
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** Keeps a copy: the bytes are the app's. */
  keep(start: EventStart, bytes: Uint8Array): void {
    const { mail, log } = this.#parts
    if (!this.#isClosed) this.#waiting.push({ start, bytes: mail ? undefined : bytes.slice() })
    mail?.keep(this.#prefix + start.key, start, bytes)
    while (this.#isTooMuch) {
      const oldest = this.#waiting[0]!
      log.warn(`the picture of event ${oldest.start.eventId} is given up: too many wait`)
      this.#remove(oldest)
    }
    this.#next()
  }

  /** The module is left: what is on the disk stays there. */
  close(): void {
    this.#isClosed = true
    this.#waiting.length = 0
    this.#stop()
  }

  /** What was recorded is destroyed. */
  discard(): void {
    this.generation++
    for (const late of [...this.#waiting]) this.#remove(late)
    this.#stop()
  }

  get #isTooMuch(): boolean {
    let bytes = 0
    for (const late of this.#waiting) bytes += late.bytes?.length ?? 0
    return (
      this.#waiting.length > LATE_PICTURES_MAX ||
      (this.#waiting.length > 1 && bytes > LATE_MEMORY_BYTES)
    )
  }

  #restore(): void {
    const { mail } = this.#parts
    for (const name of mail?.names(this.#prefix) ?? []) {
      const start = eventStartSchema.shape.params.safeParse(mail!.look(name))
      if (!start.success || this.#waiting.length >= LATE_PICTURES_MAX) mail!.drop(name)
      else this.#waiting.push({ start: start.data, bytes: undefined })
    }
    this.#next()
  }

  #next(): void {
    const [late] = this.#waiting
    if (!late || this.#isBusy || this.#timer) return
    this.#isBusy = true
    void this.#send(late).then((isOver) => {
      this.#isBusy = false
      if (isOver) this.#remove(late)
      if (isOver) this.#attempt = 0
      if (isOver || !this.#waiting.includes(late)) return this.#next()
      const { clock, random } = this.#parts
      const waitMs = backoffMs(this.#attempt++, random, WAIT_BASE_MS, WAIT_CAP_MS)
      this.#timer = clock.after(waitMs, () => {
        this.#timer = undefined
        this.#next()
      })
    })
  }

  /** True when there is nothing more to be done for it. */
  async #send(late: LatePicture): Promise<boolean> {
    const { start, bytes } = late
    const { cloud, put, mail, log } = this.#parts
    const answer = await cloud.start(start, ATTEMPT_MS)
    if (!answer || answer.code >= ReplyCode.internal) return false
    if (answer.code !== ReplyCode.ok || !answer.data) {
      log.warn(`the picture of event ${start.eventId} is given up: ${answer.status}`)
      return true
    }
    // discarded, or left, meanwhile
    if (!this.#waiting.includes(late)) return false
    const data = bytes ?? mail?.read(this.#prefix + start.key)?.data
    if (!data) return true
    this.#request = put(answer.data.picture, data)
    const { outcome, message } = await this.#request.done
    this.#request = undefined
    if (outcome === 'reject')
      log.warn(`the cloud refused the picture of event ${start.eventId}: ${message}`)
    return outcome === 'ok' || outcome === 'reject'
  }

  #remove(late: LatePicture): void {
    const at = this.#waiting.indexOf(late)
    if (at < 0) return
    this.#waiting.splice(at, 1)
    this.#parts.mail?.drop(this.#prefix + late.start.key)
  }

  #stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#request?.cancel()
  }
}
