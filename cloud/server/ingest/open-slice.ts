import { z } from 'zod'
import {
  type AppendIndex,
  appendIndexSchema,
  channelSchema,
  pieceSchema,
  sliceStartSchema,
} from '../contract.ts'
import type { Device, Slice } from '../store/index/types.ts'
import type { AppendRecord, GrowingObject, UnsettledObject } from '../store/objects/types.ts'
import { applyIndex } from './slice-index.ts'

/** A slice that this process has in its hands: it grows, or the index has not yet taken over what it is. */
export type OpenSlice = {
  /** see `sliceName` */
  name: string
  /** of its object */
  key: string
  device: Device
  /** replaced, never changed: whoever reads it may keep it */
  slice: Slice
  /** total length, once the device has told it */
  length: number | undefined
  /** undefined while nothing can be appended: the slice is closed and waits for the index */
  object: GrowingObject | undefined
  /** it is cut when nothing has been appended for so long */
  silenceMs: number
  /** when that is */
  deadlineMs: number
}

/** An append to a slice whose device has begun the next one may still be on its way for this long. */
const SUPERSEDED_MS = 3000

/** Its device records another slice of the channel by now. To say it again does nothing. */
export const supersede = (entry: OpenSlice, nowMs: number): void => {
  if (entry.silenceMs === SUPERSEDED_MS) return
  entry.silenceMs = SUPERSEDED_MS
  entry.deadlineMs = Math.min(entry.deadlineMs, nowMs + SUPERSEDED_MS)
}

/** Note of an append in the journal. */
const noteSchema = z.object({ index: appendIndexSchema.optional(), length: z.int().optional() })
type Note = { index?: AppendIndex | undefined; length?: number | undefined }

export const noteText = (note: Note): string => JSON.stringify(note)

/** Header of a journal: whose slice it is, and what it was when the journal was begun. */
const headerSchema = z.object({
  productId: z.string(),
  deviceName: z.string(),
  channel: channelSchema,
  start: sliceStartSchema,
  pieces: z.array(pieceSchema),
  /** when the device told it at the creation */
  length: z.int().optional(),
})
export type JournalHeader = z.infer<typeof headerSchema>

export const headerText = (device: Device, slice: Slice, length?: number): string => {
  const header: JournalHeader = {
    productId: device.productId,
    deviceName: device.deviceName,
    channel: slice.channel,
    start: sliceStartSchema.parse(slice),
    pieces: slice.pieces,
    ...(length !== undefined && { length }),
  }
  return JSON.stringify(header)
}

export const parseHeader = (text: string): JournalHeader => headerSchema.parse(JSON.parse(text))

/** A slice after one append. The state is `done` when the length that its device told is reached. */
export const afterAppend = (
  slice: Slice,
  bytes: number,
  pieces: Slice['pieces'],
  note: Note,
): Slice => ({
  ...slice,
  bytes,
  pieces,
  state: note.length === bytes ? 'done' : 'open',
  ...(note.index?.end && { end: note.index.end }),
})

/** A slice as its journal tells it after a restart. */
export const replay = (
  header: JournalHeader,
  deviceId: number,
  unsettled: UnsettledObject,
): { slice: Slice; length: number | undefined } => {
  let slice: Slice = {
    ...header.start,
    deviceId,
    channel: header.channel,
    state: 'open',
    bytes: unsettled.baseBytes,
    pieces: header.pieces,
  }
  let { length } = header
  for (const append of unsettled.appends) {
    const note = parseNote(append)
    length = note.length ?? length
    const bytes = append.offset + append.bytes
    const applied = applyIndex(slice, note.index ?? { pieces: [] }, bytes)
    // what was accepted once is accepted again; were it not, the bytes still count
    const pieces = 'pieces' in applied ? applied.pieces : slice.pieces
    slice = afterAppend(slice, bytes, pieces, { ...note, length })
  }
  return { slice, length }
}

const parseNote = (append: AppendRecord): Note => noteSchema.parse(JSON.parse(append.note))
