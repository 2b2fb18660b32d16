import type { SliceStart } from '../../mqtt/messages.ts'

const TS_PACKET = 188
const TS_SYNC = 0x47
const AES_BLOCK = 16
/** Boxes that a slice has at its top. Spec: ISO/IEC 14496-12 4.2. */
const BOXES = new Set(['ftyp', 'styp', 'moov', 'moof', 'mdat', 'free', 'sidx', 'prft', 'emsg'])

/** Bytes of a few views as if they were one. */
class Joined {
  readonly #views: readonly Uint8Array[]
  readonly bytes: number

  constructor(views: readonly Uint8Array[]) {
    this.#views = views
    this.bytes = views.reduce((sum, view) => sum + view.length, 0)
  }

  u8(at: number): number {
    let from = at
    for (const view of this.#views) {
      if (from < view.length) return view[from]!
      from -= view.length
    }
    return -1
  }

  u32(at: number): number {
    return (
      this.u8(at) * 0x1000000 + (this.u8(at + 1) << 16) + (this.u8(at + 2) << 8) + this.u8(at + 3)
    )
  }

  fourcc(at: number): string {
    return String.fromCharCode(this.u8(at), this.u8(at + 1), this.u8(at + 2), this.u8(at + 3))
  }
}

const tsFault = (bytes: Joined): string | undefined => {
  if (bytes.bytes % TS_PACKET !== 0) return `${bytes.bytes} bytes are not whole TS packets`
  for (let at = 0; at < bytes.bytes; at += TS_PACKET)
    if (bytes.u8(at) !== TS_SYNC) return `no sync byte at ${at}`
  return undefined
}

const boxFault = (bytes: Joined, encryptedFrom: number | undefined): string | undefined => {
  const end = encryptedFrom ?? bytes.bytes
  for (let at = 0; at < end; ) {
    if (at + 8 > end) return `a box header at ${at} is cut`
    const size = bytes.u32(at)
    if (!BOXES.has(bytes.fourcc(at + 4))) return `no box of a slice at ${at}`
    if (size < 8 || at + size > end) return `the box at ${at} has ${size} bytes`
    at += size
  }
  return undefined
}

/**
 * What is wrong with the structure of an object that is about to be put, or undefined: whole TS packets with their sync bytes, boxes that fill it exactly,
 * whole AES blocks. It finds what an index or a ring gone wrong would do; what the pictures are, the core has checked.
 */
export const structureFault = (
  { format, encryption }: Pick<SliceStart, 'format' | 'encryption'>,
  views: readonly Uint8Array[],
  initBytes: number,
): string | undefined => {
  const bytes = new Joined(views)
  if (encryption && (bytes.bytes - initBytes) % AES_BLOCK !== 0)
    return `${bytes.bytes - initBytes} encrypted bytes are not whole AES blocks`
  if (format === 'fmp4') return boxFault(bytes, encryption && initBytes)
  return encryption ? undefined : tsFault(bytes)
}
