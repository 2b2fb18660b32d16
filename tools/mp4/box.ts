import { Cursor } from './cursor.ts'

/** Spec: 14496-12 4.2. */
export type Box = {
  type: string
  /** of its first byte in the file */
  offset: number
  /** header included */
  size: number
  headerBytes: number
  body: Uint8Array
}

export type FullBox = { version: number; flags: number; fields: Cursor }

/** Boxes that hold nothing but boxes. */
export const CONTAINERS = new Set([
  'moov',
  'trak',
  'edts',
  'mdia',
  'minf',
  'dinf',
  'stbl',
  'mvex',
  'moof',
  'traf',
  'mfra',
  'udta',
])

export type BoxHeader = { type: string; size: number; headerBytes: number }

/** Header at `at`: undefined when there are too few bytes. A size of 0 (to the end of the file) is returned as it is. */
export const parseBoxHeader = (bytes: Uint8Array, at: number): BoxHeader | undefined => {
  if (at + 8 > bytes.length) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  const size = view.getUint32(at)
  const type = Buffer.from(bytes.subarray(at + 4, at + 8)).toString('latin1')
  if (size !== 1) return { type, size, headerBytes: 8 }
  if (at + 16 > bytes.length) return undefined
  return { type, size: view.getUint32(at + 8) * 2 ** 32 + view.getUint32(at + 12), headerBytes: 16 }
}

/**
 * The boxes that fill `bytes`.
 * @param offset of `bytes` in the file
 * @param broken called when sizes do not add up; what follows is not read
 */
export const readBoxes = (
  bytes: Uint8Array,
  offset: number,
  broken: (offset: number, message: string) => void,
): Box[] => {
  const boxes: Box[] = []
  for (let at = 0; at < bytes.length; ) {
    const header = parseBoxHeader(bytes, at)
    if (!header || header.size < header.headerBytes || at + header.size > bytes.length) {
      const what = header
        ? `box ${JSON.stringify(header.type)} of ${header.size} bytes`
        : 'half a box header'
      broken(offset + at, `${what}, ${bytes.length - at} bytes are left`)
      break
    }
    boxes.push({
      ...header,
      offset: offset + at,
      body: bytes.subarray(at + header.headerBytes, at + header.size),
    })
    at += header.size
  }
  return boxes
}

/** Offset of a box's body in the file. */
export const bodyOffset = (box: Box): number => box.offset + box.headerBytes

/** version and flags of a FullBox. Spec: 14496-12 4.2. */
export const fullBox = (box: Box): FullBox => {
  const fields = new Cursor(box.body)
  const version = fields.u8()
  return { version, flags: fields.u24(), fields }
}
