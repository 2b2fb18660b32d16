/**
 * How recordings lie in a bucket, so that the bucket alone can be played: docs/PROTOCOL.md section 7. Keys are made of what never repeats
 * (boot id and number), so no object is ever replaced by another, whatever the device's clock says.
 */
import { z } from 'zod'
import { channelSchema } from './fields.ts'
import {
  type Piece,
  pieceSchema,
  type SliceStart,
  sliceEndSchema,
  sliceStartSchema,
} from './messages.ts'

export const BUCKET_LAYOUT_VERSION = 1

/** S3 allows 2 KiB of user metadata with an object, names included. */
export const OBJECT_META_MAX_BYTES = 2000
/** Metadata that tells what an object is, so that one whose index was never written can be found again. */
export const OBJECT_META_HEADER = 'x-amz-meta-skyrill'

export const bucketPrefixSchema = z
  .string()
  .regex(
    /^([A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}(\/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}){0,7})?$/,
    'must be path segments of letters, digits, "_", "-" and ".", without a slash at either end',
  )

const pad = (value: number, digits: number): string => String(value).padStart(digits, '0')

/** UTC day and hour of a key: `20261124` and `13`. */
export const bucketHour = (utcMs: number): { day: string; hour: string } => {
  const date = new Date(utcMs)
  return {
    day: `${pad(date.getUTCFullYear(), 4)}${pad(date.getUTCMonth() + 1, 2)}${pad(date.getUTCDate(), 2)}`,
    hour: pad(date.getUTCHours(), 2),
  }
}

export type BucketChannel = { productId: string; deviceName: string; channel: number }

/** `{product}/{device}/{channel}`, below the prefix if there is one. */
export const bucketBase = ({ productId, deviceName, channel }: BucketChannel): string =>
  `${productId}/${deviceName}/${channel}`

type SliceName = Pick<SliceStart, 'id' | 'startUtcMs' | 'format'>

export const BUCKET_EXTENSIONS = { ts: 'ts', fmp4: 'mp4' } as const

/** Part of a slice: `{base}/{day}/{hour}/{slice id}/{offset}.ts`. */
export const objectKey = (base: string, slice: SliceName, offset: number): string => {
  const { day, hour } = bucketHour(slice.startUtcMs)
  return `${base}/${day}/${hour}/${slice.id}/${pad(offset, 10)}.${BUCKET_EXTENSIONS[slice.format]}`
}

/** Index of one slice: `{base}/{day}/index/{hour}/{slice id}.json`. */
export const sliceIndexKey = (base: string, slice: SliceName): string => {
  const { day, hour } = bucketHour(slice.startUtcMs)
  return `${base}/${day}/index/${hour}/${slice.id}.json`
}

/** Indexes of several slices of one hour and boot in one object: `{base}/{day}/index/{hour}/{first id}_{last number}.json`. */
export const hourIndexKey = (base: string, first: SliceName, lastId: string): string => {
  const { day, hour } = bucketHour(first.startUtcMs)
  return `${base}/${day}/index/${hour}/${first.id}_${lastId.slice(-8)}.json`
}

/** What an index key names: the ids from first to last. */
export const parseIndexKey = (
  key: string,
): { day: string; hour: string; boot: string; first: number; last: number } | undefined => {
  const match = /\/(\d{8})\/index\/(\d\d)\/([0-9a-f]{16})-(\d{8})(?:_(\d{8}))?\.json$/.exec(key)
  if (!match) return undefined
  const first = Number(match[4])
  return {
    day: match[1]!,
    hour: match[2]!,
    boot: match[3]!,
    first,
    last: match[5] === undefined ? first : Number(match[5]),
  }
}

/** What an object's key names. */
export const parseObjectKey = (
  key: string,
): { day: string; id: string; offset: number; format: SliceStart['format'] } | undefined => {
  const match = /\/(\d{8})\/\d\d\/([0-9a-f]{16}-\d{8})\/(\d{10})\.(ts|mp4)$/.exec(key)
  if (!match) return undefined
  const format = match[4] === 'ts' ? 'ts' : 'fmp4'
  return { day: match[1]!, id: match[2]!, offset: Number(match[3]), format }
}

/** An event's own data and picture: `{base}/{day}/events/{key}.json` and `.jpg`. */
export const eventKey = (base: string, startMs: number, key: string, extension: string): string =>
  `${base}/${bucketHour(startMs).day}/events/${key}.${extension}`

/** One object of a slice. */
export const bucketObjectSchema = z.object({
  /** offset in the slice, bytes */
  o: z.int().nonnegative(),
  /** length, bytes */
  b: z.int().positive(),
  /** SHA-256, hexadecimal */
  h: z.string().regex(/^[0-9a-f]{64}$/),
  /** bucket: absent or 0 the first one, 1 the fallback */
  s: z.int().min(0).max(1).optional(),
})
export type BucketObject = z.infer<typeof bucketObjectSchema>

/** Index of one slice. Without `end` it was broken off: bytes of it were lost on the device. */
export const sliceManifestSchema = z.object({
  version: z.literal(BUCKET_LAYOUT_VERSION),
  start: sliceStartSchema,
  end: sliceEndSchema.optional(),
  /** of the whole slice: the sum of its objects */
  bytes: z.int().nonnegative(),
  /** in order, without gaps */
  objects: z.array(bucketObjectSchema).max(4096),
  pieces: z.array(pieceSchema).max(4096),
})
export type SliceManifest = z.infer<typeof sliceManifestSchema>

/** Indexes of an hour. */
export const hourIndexSchema = z.object({
  version: z.literal(BUCKET_LAYOUT_VERSION),
  slices: z.array(sliceManifestSchema),
})

/** The metadata of an object, `x-amz-meta-skyrill`: JSON of this. */
export const objectMetaSchema = z.object({
  start: sliceStartSchema,
  /** UTC of the first picture of the object */
  t: z.int().nonnegative(),
  /** see `packObjectPieces` */
  pieces: z.string().regex(/^[0-9.,;-]*$/),
  h: z.string().regex(/^[0-9a-f]{64}$/),
})
export type ObjectMeta = z.infer<typeof objectMetaSchema>

/** An event as it lies in a bucket; `endMs` is absent until it has ended. */
export const bucketEventSchema = z.object({
  version: z.literal(BUCKET_LAYOUT_VERSION),
  channel: channelSchema,
  key: z.string().regex(/^[0-9a-f]{16}-[0-9]{8}$/),
  eventId: z.int().min(1).max(32),
  info: z.string().max(127),
  ai: z.int().nonnegative(),
  startMs: z.int().nonnegative(),
  endMs: z.int().nonnegative().optional(),
  videoStartMs: z.int().nonnegative(),
  videoEndMs: z.int().nonnegative().optional(),
  /** happened at one moment */
  isMoment: z.boolean(),
})
export type BucketEvent = z.infer<typeof bucketEventSchema>

/** Pieces of one object, as short as metadata has to be: length, ms since the piece before, duration, pictures, IDR. */
export const packObjectPieces = (pieces: readonly Piece[]): string => {
  let before = pieces[0]?.t ?? 0
  return pieces
    .map(({ b, t, d, n, k }) => {
      const since = t - before
      before = t
      return `${b},${since},${d},${n},${k}`
    })
    .join(';')
}

export const unpackObjectPieces = (text: string, offset: number, startMs: number): Piece[] => {
  let o = offset
  let t = startMs
  return text
    .split(';')
    .filter((part) => part !== '')
    .map((part) => {
      const [b = 0, since = 0, d = 0, n = 0, k = 0] = part.split(',').map(Number)
      t += since
      const piece: Piece = { o, b, t, d, n, k }
      o += b
      return piece
    })
}
