import type { Clock, Random, Timer } from '../clock.ts'
import type { Logger } from '../log.ts'
import { PICTURE_MAX_BYTES, type PictureGrant } from '../mqtt/event-messages.ts'
import { iv_err_code_e } from '../status.ts'
import type { iv_cs_picture_s } from '../types.ts'
import { backoffMs } from '../upload/retry.ts'

/** How putting a picture ended: there, not yet, another token is needed, or never. */
export type PictureOutcome = 'ok' | 'retry' | 'token' | 'reject'

/** A picture on its way. */
export type PictureRequest = {
  /** settles when nothing refers to the bytes any more */
  done: Promise<{ outcome: PictureOutcome; message: string }>
  cancel(): void
}

export type PutPicture = (grant: PictureGrant, bytes: Uint8Array) => PictureRequest

export type PictureDependencies = {
  clock: Clock
  random: Random
  log: Logger
  put: PutPicture
  /** asks for leave anew; `grant` is called when it comes */
  renewGrant(): void
  /** the event's time is over and the picture is not there: who wants it later takes a copy now */
  keep(bytes: Uint8Array): void
  /** the picture's bytes belong to the app again */
  handBack(bytes: Uint8Array, code: iv_err_code_e): void
  /** uploaded, or it never will be */
  onSettled(): void
}

/** The bytes that a capture callback filled in; undefined when there are none. */
export const pictureOf = ({
  pic,
  size,
}: iv_cs_picture_s): Uint8Array | { fault: string } | undefined => {
  if (pic === null || pic === undefined || size === 0) return undefined
  if (!(pic instanceof Uint8Array)) return { fault: 'pic must be a Uint8Array' }
  if (!Number.isInteger(size) || size < 0 || size > pic.length)
    return { fault: `size must be at most the ${pic.length} bytes of pic, not ${size}` }
  if (size > PICTURE_MAX_BYTES)
    return { fault: `a picture has at most ${PICTURE_MAX_BYTES} bytes, not ${size}` }
  return size === pic.length ? pic : pic.subarray(0, size)
}

/**
 * The picture of one event: captured once, uploaded with as many attempts as the event's time allows, handed back exactly once, and only when nothing
 * refers to its bytes any more.
 */
export class Picture {
  readonly #parts: PictureDependencies
  #state: 'none' | 'waiting' | 'done' | 'failed' = 'none'
  /** what the app gave, and what counts of it */
  #given: Uint8Array | undefined
  #bytes: Uint8Array | undefined
  #grant: PictureGrant | undefined
  #request: PictureRequest | undefined
  #timer: Timer | undefined
  #attempt = 0

  constructor(parts: PictureDependencies) {
    this.#parts = parts
  }

  get state(): 'none' | 'failed' | 'done' {
    return this.#state === 'waiting' ? 'failed' : this.#state
  }

  get isSettled(): boolean {
    return this.#state !== 'waiting'
  }

  /** Takes what the capture callback gave. */
  take(picture: iv_cs_picture_s): void {
    const bytes = pictureOf(picture)
    if (bytes === undefined) return
    if (!(bytes instanceof Uint8Array)) {
      this.#parts.log.error(`picture refused: ${bytes.fault}`)
      this.#state = 'failed'
      if (picture.pic instanceof Uint8Array)
        this.#parts.handBack(picture.pic, iv_err_code_e.IV_ERR_CS_INIT_PRM_RANGE)
      return
    }
    this.#given = picture.pic as Uint8Array
    this.#bytes = bytes
    this.#state = 'waiting'
  }

  /** Leave to put it has come. */
  grant(grant: PictureGrant): void {
    this.#grant = grant
    this.#send()
  }

  /** The event's time is over: what is not there yet is given up. */
  abandon(): void {
    if (this.#state !== 'waiting') return
    this.#state = 'failed'
    this.#timer?.cancel()
    if (this.#request) this.#request.cancel()
    else this.#tooLate()
  }

  #send(): void {
    if (this.#state !== 'waiting' || this.#request || !this.#grant || !this.#bytes) return
    this.#timer?.cancel()
    const request = this.#parts.put(this.#grant, this.#bytes)
    this.#request = request
    void request.done.then(({ outcome, message }) => {
      this.#request = undefined
      if (outcome === 'ok') this.#settle('done', iv_err_code_e.IV_ERR_NONE)
      // the event's time ended while the request was under way
      else if (this.#state === 'failed') this.#tooLate()
      else if (outcome === 'reject') {
        this.#parts.log.error(`the cloud refused the picture: ${message}`)
        this.#settle('failed', iv_err_code_e.IV_ERR_CS_HTTP_DATA_FAIL)
      } else this.#again(outcome === 'token', message)
    })
  }

  #again(needsGrant: boolean, message: string): void {
    const { clock, random, log } = this.#parts
    const waitMs = backoffMs(this.#attempt++, random)
    log.debug(`the picture waits ${Math.round(waitMs)} ms: ${message}`)
    if (needsGrant) this.#grant = undefined
    this.#timer = clock.after(waitMs, () => (needsGrant ? this.#parts.renewGrant() : this.#send()))
  }

  #tooLate(): void {
    if (this.#bytes) this.#parts.keep(this.#bytes)
    this.#handBack(iv_err_code_e.IV_ERR_CS_HTTP_DATA_FAIL)
  }

  #settle(state: 'done' | 'failed', code: iv_err_code_e): void {
    this.#state = state
    this.#handBack(code)
    this.#parts.onSettled()
  }

  #handBack(code: iv_err_code_e): void {
    const given = this.#given
    this.#given = undefined
    this.#bytes = undefined
    if (given) this.#parts.handBack(given, code)
  }
}
