import { createHash } from 'node:crypto'
import {
  BUCKET_LAYOUT_VERSION,
  type BucketChannel,
  type BucketObject,
  bucketBase,
  objectKey,
  type SliceManifest,
  sliceIndexKey,
  unpackObjectPieces,
} from '../../mqtt/bucket-layout.ts'
import type { Piece, SliceStart } from '../../mqtt/messages.ts'
import { type CredentialProvider, NEVER_EXPIRES } from '../credentials.ts'
import type { HttpTimeouts } from '../http.ts'
import type { Outcome } from '../retry.ts'
import type { Append, SliceClient, TusAnswer } from '../tus.ts'
import { objectEnd } from './cut.ts'
import { CONTENT_TYPES, metaHeaders } from './meta.ts'
import type { BucketPair } from './pair.ts'
import type { BucketOutcome } from './s3-answer.ts'
import { structureFault } from './structure.ts'

/** Slices that are being sent, with room to spare: a spool sends one after the other. */
const KEPT = 4
/** What a slice is called here; nothing but this client reads it. */
const SCHEME = 'bucket:'

/** What those who send slices by tus are to have in place of a cloud's token. */
export const bucketLeave: CredentialProvider = () =>
  Promise.resolve({ token: 'none', url: `${SCHEME}slices`, expiresAtMs: NEVER_EXPIRES })

const OUTCOMES: Record<BucketOutcome, Outcome> = {
  ok: 'ok',
  retry: 'retry',
  later: 'later',
  wrong: 'wrong',
  skew: 'retry',
  credentials: 'retry',
  checksum: 'checksum',
  // a slice that waits has time: the configuration may be mended
  config: 'retry',
}

type Sending = {
  start: SliceStart
  objects: BucketObject[]
  /** of the objects */
  pieces: Piece[]
  /** behind the objects: bytes that do not make a whole GOP yet, and what is known of the pieces that they begin */
  held: Uint8Array[]
  heldBytes: number
  heldPieces: Piece[]
}

const stored = ({ objects }: Sending): number => {
  const last = objects.at(-1)
  return last ? last.o + last.b : 0
}

/** With what is held here until it makes an object: a PUT that failed is tried again with the next bytes. */
const taken = (sending: Sending): number => stored(sending) + sending.heldBytes

/**
 * Sends slices that lie in a file, appended as to a cloud, as objects of a bucket: what the spool kept, what an app dumped. Bytes are gathered to whole GOPs
 * in memory; they are lost with the process, whose file is there then. Objects that were put before, by the live uplink or before a restart, stay.
 */
export class BucketSliceClient implements SliceClient {
  readonly #pair: BucketPair
  readonly #base: string
  readonly #slices = new Map<string, Sending>()

  constructor(pair: BucketPair, device: BucketChannel) {
    this.#pair = pair
    this.#base = bucketBase(device)
  }

  close(): void {
    this.#pair.close()
  }

  async create(_: URL, _token: string, start: SliceStart, times: HttpTimeouts): Promise<TusAnswer> {
    let sending = this.#slices.get(start.id)
    if (!sending) {
      sending = await this.#find(start, times)
      if (!sending) return { outcome: 'retry', status: 0, message: 'the bucket gives no answer' }
      this.#slices.set(start.id, sending)
      for (const oldest of this.#slices.keys()) {
        if (this.#slices.size <= KEPT) break
        this.#slices.delete(oldest)
      }
    }
    const status = taken(sending) > 0 ? 200 : 201
    return { outcome: 'ok', status, message: '', location: new URL(SCHEME + start.id) }
  }

  ask(location: URL): Promise<TusAnswer> {
    const sending = this.#slices.get(location.pathname)
    if (!sending) return Promise.resolve({ outcome: 'unknown', status: 404, message: 'forgotten' })
    return Promise.resolve({ outcome: 'ok', status: 200, message: '', offset: taken(sending) })
  }

  async append(
    location: URL,
    _token: string,
    { offset, views, index, total }: Append,
    times: HttpTimeouts,
  ): Promise<TusAnswer> {
    const sending = this.#slices.get(location.pathname)
    if (!sending) return { outcome: 'unknown', status: 404, message: 'forgotten' }
    if (offset !== taken(sending))
      return { outcome: 'offset', status: 409, message: `it ends at ${taken(sending)}` }
    for (const view of views) {
      // the caller's views are its own again when this is answered
      sending.held.push(Uint8Array.from(view))
      sending.heldBytes += view.length
    }
    for (const piece of index.pieces) {
      const at = sending.heldPieces.findIndex((known) => known.o === piece.o)
      if (at >= 0) sending.heldPieces[at] = piece
      else if (piece.o + piece.b > stored(sending)) sending.heldPieces.push(piece)
    }
    for (;;) {
      const put = await this.#putNext(sending, total !== undefined, times)
      if (put === undefined) break
      if (put.outcome !== 'ok') return put
    }
    const end = taken(sending)
    if (total === undefined) return { outcome: 'ok', status: 204, message: '', offset: end }
    const manifest: SliceManifest = {
      version: BUCKET_LAYOUT_VERSION,
      start: sending.start,
      ...(index.end && { end: index.end }),
      bytes: stored(sending),
      objects: sending.objects,
      pieces: sending.pieces,
    }
    const answer = await this.#put(
      sliceIndexKey(this.#base, sending.start),
      [Buffer.from(JSON.stringify(manifest))],
      'application/json',
      times,
    )
    if (answer.outcome !== 'ok') return tusAnswer(answer)
    this.#slices.delete(sending.start.id)
    return { outcome: 'ok', status: 204, message: '', offset: end, length: end }
  }

  /** Puts what is whole; undefined when nothing is. */
  async #putNext(
    sending: Sending,
    isLast: boolean,
    times: HttpTimeouts,
  ): Promise<TusAnswer | undefined> {
    const { start } = sending
    const offset = stored(sending)
    const there = sending.heldPieces.filter(
      (piece) => piece.o + piece.b <= offset + sending.heldBytes,
    )
    // whether the last piece here is followed by an IDR is known when there is a piece behind it
    const next = sending.heldPieces[there.length]
    const end = objectEnd(next ? [...there, { ...next, open: 1 }] : there, isLast, false)
    if (end === undefined || end <= offset) return undefined
    const whole = Buffer.concat(sending.held)
    const body = whole.subarray(0, end - offset)
    const fault = structureFault(start, [body], offset === 0 ? start.initBytes : 0)
    if (fault !== undefined)
      return { outcome: 'reject', status: 0, message: `it is damaged at ${offset}: ${fault}` }
    const pieces = sending.heldPieces.filter((piece) => piece.o < end)
    const sha256 = createHash('sha256').update(body).digest('hex')
    const t = pieces[0]?.t ?? start.startUtcMs
    const answer = await this.#put(
      objectKey(this.#base, start, offset),
      [body],
      CONTENT_TYPES[start.format],
      times,
      metaHeaders(start, t, pieces, sha256),
    )
    if (answer.outcome !== 'ok') return tusAnswer(answer)
    const fallback = answer.bucket === 1
    sending.objects.push({ o: offset, b: body.length, h: sha256, ...(fallback && { s: 1 }) })
    sending.pieces.push(...pieces)
    sending.held = [whole.subarray(end - offset)]
    sending.heldBytes = whole.length - (end - offset)
    sending.heldPieces = sending.heldPieces.filter((piece) => piece.o >= end)
    return { outcome: 'ok', status: 200, message: '' }
  }

  #put(
    key: string,
    body: readonly Uint8Array[],
    contentType: string,
    times: HttpTimeouts,
    headers: Record<string, string> = {},
  ) {
    const hash = createHash('sha256')
    for (const view of body) hash.update(view)
    return this.#pair.put({ key, body, sha256: hash.digest('hex'), contentType, headers }, times)
  }

  /**
   * Objects of the slice that are there already, one behind the other from its start; undefined when that cannot be told. Keys that may only write
   * find none.
   */
  async #find(start: SliceStart, times: HttpTimeouts): Promise<Sending | undefined> {
    const objects: BucketObject[] = []
    const pieces: Piece[] = []
    for (let offset = 0; ; ) {
      const found = await this.#pair.look(objectKey(this.#base, start, offset), times)
      if (found === 'no answer') return undefined
      if (found === 'none' || found.meta.start.id !== start.id) break
      const { meta, bytes, bucket } = found
      objects.push({ o: offset, b: bytes, h: meta.h, ...(bucket === 1 && { s: 1 }) })
      pieces.push(...unpackObjectPieces(meta.pieces, Math.max(offset, start.initBytes), meta.t))
      offset += bytes
    }
    return { start, objects, pieces, held: [], heldBytes: 0, heldPieces: [] }
  }
}

const tusAnswer = (answer: {
  outcome: BucketOutcome
  status: number
  message: string
  waitMs?: number | undefined
}): TusAnswer => ({
  outcome: OUTCOMES[answer.outcome],
  status: answer.status,
  message: answer.message,
  ...(answer.waitMs === undefined ? {} : { waitMs: answer.waitMs }),
})
