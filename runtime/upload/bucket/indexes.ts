import {
  BUCKET_LAYOUT_VERSION,
  type BucketObject,
  bucketHour,
  hourIndexKey,
  type SliceManifest,
  sliceIndexKey,
} from '../../mqtt/bucket-layout.ts'
import type { Piece, SliceEnd, SliceStart } from '../../mqtt/messages.ts'

/** Index objects wait for the line; with more of them the oldest are given up: they can be made anew from the objects' metadata. */
const WAITING_MAX = 64
/** What an hour's index may take of the device's memory; a longer hour has several. */
const HOUR_MAX_BYTES = 64 * 1024

export type IndexObject = { key: string; text: string }

/** Boot, day and hour: what the slices of an hour's index have in common. */
const hourOf = ({ id, startUtcMs }: SliceStart): string => {
  const { day, hour } = bucketHour(startUtcMs)
  return `${id.slice(0, 16)} ${day} ${hour}`
}
const numberOf = (id: string): number => Number(id.slice(-8))

/** Gathers what is to be known of the slices in a bucket: an index per slice, and those of an hour once more in one object. */
export class SliceIndexes {
  readonly #base: string
  readonly waiting: IndexObject[] = []
  #open: { start: SliceStart; objects: BucketObject[]; pieces: Piece[] } | undefined
  #hour: { first: SliceStart; lastId: string; texts: string[]; bytes: number } | undefined

  constructor(base: string) {
    this.#base = base
  }

  /** Id of the slice that objects are being added to. */
  get openId(): string | undefined {
    return this.#open?.start.id
  }

  add(start: SliceStart, object: BucketObject, pieces: readonly Piece[]): void {
    this.#open ??= { start, objects: [], pieces: [] }
    this.#open.objects.push(object)
    this.#open.pieces.push(...pieces)
  }

  /** Others send the rest of the slice, and then its index. */
  drop(): void {
    this.#open = undefined
  }

  /** The slice is over: its index can be put. Without an end it was broken off. */
  finish(end: SliceEnd | undefined): void {
    const open = this.#open
    this.#open = undefined
    if (!open) return
    const last = open.objects.at(-1)!
    const manifest: SliceManifest = {
      version: BUCKET_LAYOUT_VERSION,
      start: open.start,
      ...(end && { end }),
      bytes: last.o + last.b,
      objects: open.objects,
      pieces: open.pieces,
    }
    const text = JSON.stringify(manifest)
    this.#wait({ key: sliceIndexKey(this.#base, open.start), text })
    this.#addToHour(open.start, text)
  }

  /** The hour's index can be put as far as it goes. */
  finishHour(): void {
    const hour = this.#hour
    this.#hour = undefined
    // of one slice it would say what the slice's own does
    if (!hour || hour.texts.length < 2) return
    const key = hourIndexKey(this.#base, hour.first, hour.lastId)
    this.#wait({
      key,
      text: `{"version":${BUCKET_LAYOUT_VERSION},"slices":[${hour.texts.join(',')}]}`,
    })
  }

  /** The name of an hour's index says which slices are in it, from number to number: none may be missing in between. */
  #addToHour(start: SliceStart, text: string): void {
    const hour = this.#hour
    const goesOn =
      hour &&
      hourOf(hour.first) === hourOf(start) &&
      numberOf(start.id) === numberOf(hour.lastId) + 1 &&
      hour.bytes + text.length <= HOUR_MAX_BYTES
    if (!goesOn) this.finishHour()
    this.#hour ??= { first: start, lastId: start.id, texts: [], bytes: 0 }
    this.#hour.lastId = start.id
    this.#hour.texts.push(text)
    this.#hour.bytes += text.length
  }

  #wait(object: IndexObject): void {
    this.waiting.push(object)
    if (this.waiting.length > WAITING_MAX) this.waiting.shift()
  }
}
