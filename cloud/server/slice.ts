import type { Piece } from './contract.ts'
import { sliceIdSchema } from './contract.ts'
import type { Device, Slice } from './store/index/types.ts'

/** No slice covers more than this; a question about a range only looks this far back for slices that reach into it. */
export const SLICE_MAX_MS = 10 * 60_000

/** Ten minutes of 28 Mbit/s; a device that never ends a slice must not fill the disk with it. */
export const SLICE_MAX_BYTES = 2 * 1024 ** 3

/** The device's own name for itself in keys, logs and messages. */
export const deviceKey = (device: Pick<Device, 'productId' | 'deviceName'>): string =>
  `${device.productId}/${device.deviceName}`

export const EXTENSIONS = { ts: 'ts', fmp4: 'mp4' } as const

/** Slices per folder: file systems and people dislike folders of a million files. */
const FOLDER_SLICES = 1000

/** Object key of a slice: device, channel, boot, thousand, id. */
export const sliceObjectKey = (
  device: Pick<Device, 'productId' | 'deviceName'>,
  slice: Pick<Slice, 'channel' | 'id' | 'format'>,
): string => {
  const [boot, number] = sliceIdSchema.parse(slice.id).split('-') as [string, string]
  const folder = Math.floor(Number(number) / FOLDER_SLICES)
  return `${deviceKey(device)}/${slice.channel}/${boot}/${folder}/${slice.id}.${EXTENSIONS[slice.format]}`
}

/** What a slice is called: one id is one slice, whatever its format. */
export const sliceName = (
  device: Pick<Device, 'productId' | 'deviceName'>,
  channel: number,
  id: string,
): string => `${deviceKey(device)}/${channel}/${id}`

/** File name of a slice in URLs. */
export const sliceFileName = (slice: Pick<Slice, 'id' | 'format'>): string =>
  `${slice.id}.${EXTENSIONS[slice.format]}`

/**
 * The pieces that can be given to a player now: whole, with all their bytes here. While the slice is open its last piece
 * may still grow and is left out; once it is closed what there is of it is all there will be.
 */
export const playablePieces = (slice: Slice): Piece[] =>
  slice.pieces.filter(
    (piece) =>
      piece.b > 0 &&
      piece.o + piece.b <= slice.bytes &&
      (piece.open !== 1 || slice.state !== 'open'),
  )

/** Interval that a slice's playable pictures cover; empty (start = end) while there are none. */
export const sliceSpan = (slice: Slice): { startMs: number; endMs: number } => {
  const pieces = playablePieces(slice)
  const first = pieces[0]
  const last = pieces.at(-1)
  if (!first || !last) return { startMs: slice.startUtcMs, endMs: slice.startUtcMs }
  return { startMs: first.t, endMs: Math.round(last.t + last.d) }
}
