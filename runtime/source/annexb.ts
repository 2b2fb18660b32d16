import { H264_NAL, h264NalType, isH264Slice, startsH264AccessUnit } from './bitstream/h264-nal.ts'
import {
  type H264Pps,
  type H264SliceHeader,
  isNewH264Picture,
  parseH264Pps,
  parseH264SliceHeader,
} from './bitstream/h264-slice.ts'
import { type H264Sps, parseH264Sps } from './bitstream/h264-sps.ts'
import {
  H265_NAL,
  h265NalType,
  isH265Irap,
  isH265Slice,
  startsH265AccessUnit,
} from './bitstream/h265-nal.ts'
import { parseH265Sps } from './bitstream/h265-sps.ts'
import { findStartCode } from './bitstream/nal.ts'

export type VideoCodec = 'h264' | 'h265'

/** One picture with everything that belongs to it, as a camera's encoder would hand it over. */
export type AccessUnit = {
  /** bytes with their start codes; valid until the next call of the splitter */
  data: Uint8Array
  /** offset of `data` in the stream */
  offset: number
  /** whether decoding can begin here: IDR, or any IRAP picture in H.265 */
  key: boolean
}

/**
 * A picture larger than this is taken for garbage: four times the largest coded picture of level 5.2 at its
 * minimum compression ratio of 2 (H.264 A.3.1) would be 54 MB, but no camera sends over a tenth of one.
 */
export const ACCESS_UNIT_MAX_BYTES = 16 * 1024 * 1024

const INITIAL_BUFFER_BYTES = 256 * 1024

export class AnnexBError extends Error {
  override name = 'AnnexBError'
}

/** Decides which NAL unit begins an access unit. */
type BoundaryRule = {
  /** @returns whether this unit begins another access unit than the one that holds all before it */
  begins(nal: Uint8Array): boolean
  /** whether this unit makes its picture a point where decoding can begin */
  isKey(nal: Uint8Array): boolean
  /** no access unit is open any more */
  reset(): void
  readonly fps: number | undefined
}

/** Spec: H.264 7.4.1.2.3 and 7.4.1.2.4. */
class H264Boundary implements BoundaryRule {
  fps: number | undefined
  #spsById = new Map<number, H264Sps>()
  #ppsById = new Map<number, H264Pps>()
  /** the last slice of the access unit that is open; undefined before its first */
  #lastSlice: H264SliceHeader | undefined

  begins(nal: Uint8Array): boolean {
    const type = h264NalType(nal[0]!)
    if (type === H264_NAL.SPS) {
      const sps = parseH264Sps(nal)
      if (sps) {
        this.#spsById.set(sps.id, sps)
        this.fps ??= sps.fps
      }
    } else if (type === H264_NAL.PPS) {
      const pps = parseH264Pps(nal)
      if (pps) this.#ppsById.set(pps.id, pps)
    }
    if (isH264Slice(type)) {
      const header = parseH264SliceHeader(nal, this.#ppsById, this.#spsById)
      if (!header) return false // the muxer refuses the frame; a broken slice is no boundary
      const last = this.#lastSlice
      this.#lastSlice = header
      return last !== undefined && isNewH264Picture(last, header)
    }
    if (!startsH264AccessUnit(type) || !this.#lastSlice) return false
    this.#lastSlice = undefined
    return true
  }

  reset(): void {
    this.#lastSlice = undefined
  }

  isKey(nal: Uint8Array): boolean {
    return h264NalType(nal[0]!) === H264_NAL.IDR_SLICE
  }
}

/** Spec: H.265 7.4.2.4.4. Only the base layer counts. */
class H265Boundary implements BoundaryRule {
  fps: number | undefined
  #hasSlice = false

  begins(nal: Uint8Array): boolean {
    if (nal.length < 3) return false
    const type = h265NalType(nal[0]!)
    const layerId = ((nal[0]! & 1) << 5) | (nal[1]! >> 3)
    if (layerId > 0) return false
    if (type === H265_NAL.SPS) this.fps ??= parseH265Sps(nal)?.fps
    if (isH265Slice(type)) {
      const begins = this.#hasSlice && (nal[2]! & 0x80) !== 0 // first_slice_segment_in_pic_flag
      this.#hasSlice = true
      return begins
    }
    if (!startsH265AccessUnit(type) || !this.#hasSlice) return false
    this.#hasSlice = false
    return true
  }

  reset(): void {
    this.#hasSlice = false
  }

  isKey(nal: Uint8Array): boolean {
    return isH265Irap(h265NalType(nal[0]!))
  }
}

/**
 * Cuts a raw H.264 or H.265 byte stream, given in chunks of any size, into access units. Holds at most one access
 * unit and one NAL unit, whatever the length of the stream.
 */
export class AccessUnitSplitter {
  readonly #rule: BoundaryRule
  #buffer = new Uint8Array(INITIAL_BUFFER_BYTES)
  /** bytes in the buffer */
  #end = 0
  /** stream offset of the buffer's first byte */
  #base = 0
  /** start of the open access unit */
  #unitStart = 0
  /** index of the start code (zero_byte included) and of the header byte of the NAL unit being read; -1 before the first */
  #nalStart = -1
  #nalHeader = -1
  #scanned = 0
  #key = false
  #finished = false

  constructor(codec: VideoCodec) {
    this.#rule = codec === 'h264' ? new H264Boundary() : new H265Boundary()
  }

  /** Pictures per second that the stream itself states (VUI timing), once its first SPS was seen. */
  get fps(): number | undefined {
    return this.#rule.fps
  }

  /** Another stream of the same codec begins. The buffer stays. */
  reset(): void {
    this.#rule.reset()
    this.#end = this.#base = this.#unitStart = this.#scanned = 0
    this.#nalStart = this.#nalHeader = -1
    this.#key = this.#finished = false
  }

  /** Adds bytes. Call `next` until it has no more before adding the next chunk. */
  push(chunk: Uint8Array): void {
    this.#discard()
    const needed = this.#end + chunk.length
    if (needed > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2))
      grown.set(this.#buffer.subarray(0, this.#end))
      this.#buffer = grown
    }
    this.#buffer.set(chunk, this.#end)
    this.#end = needed
  }

  /** Says that no more bytes come. */
  finish(): void {
    this.#finished = true
  }

  /** The next whole access unit, or undefined when more bytes are needed. */
  next(): AccessUnit | undefined {
    for (;;) {
      const code = findStartCode(this.#buffer, this.#scanned, this.#end)
      if (code < 0) {
        // two zeros at the end may be the beginning of a start code
        this.#scanned = Math.max(this.#scanned, this.#end - 2)
        if (!this.#finished) return this.#tooLarge()
        return this.#last()
      }
      const start =
        code > 0 && this.#buffer[code - 1] === 0 && code > this.#nalHeader ? code - 1 : code
      const unit = this.#closeNal(start)
      this.#nalStart = start
      this.#nalHeader = code + 3
      this.#scanned = code + 3
      if (unit) return unit
    }
  }

  /** The NAL unit that began at #nalStart ends at `end`: does it begin an access unit? */
  #closeNal(end: number): AccessUnit | undefined {
    if (this.#nalStart < 0) {
      this.#unitStart = end
      return undefined
    }
    if (this.#nalHeader >= end) return undefined
    const nal = this.#buffer.subarray(this.#nalHeader, end)
    const unit = this.#rule.begins(nal) ? this.#take(this.#nalStart) : undefined
    if (this.#rule.isKey(nal)) this.#key = true
    return unit
  }

  #take(end: number): AccessUnit {
    const unit = {
      data: this.#buffer.subarray(this.#unitStart, end),
      offset: this.#base + this.#unitStart,
      key: this.#key,
    }
    this.#unitStart = end
    this.#key = false
    return unit
  }

  #last(): AccessUnit | undefined {
    if (this.#nalStart < 0 || this.#unitStart >= this.#end) return undefined
    const unit = this.#closeNal(this.#end)
    if (unit) {
      // what is left is the access unit that the last NAL unit began; it comes with the next call
      this.#nalStart = this.#nalHeader = this.#end
      return unit
    }
    return this.#take(this.#end)
  }

  #tooLarge(): undefined {
    const size = this.#end - this.#unitStart
    if (size <= ACCESS_UNIT_MAX_BYTES) return undefined
    throw new AnnexBError(
      this.#nalStart < 0
        ? `no start code in the first ${size} bytes: not an Annex B byte stream`
        : `a picture of over ${size} bytes at offset ${this.#base + this.#unitStart}; the limit is ${ACCESS_UNIT_MAX_BYTES} bytes`,
    )
  }

  /** Moves the open access unit to the front. */
  #discard(): void {
    if (this.#nalStart < 0) return
    const drop = this.#unitStart
    if (drop === 0) return
    this.#buffer.copyWithin(0, drop, this.#end)
    this.#end -= drop
    this.#base += drop
    this.#unitStart = 0
    this.#nalStart -= drop
    this.#nalHeader -= drop
    this.#scanned -= drop
  }
}

/** Access units of a stream of byte chunks, in order. Each one's bytes are valid until the next is asked for. */
export async function* readAccessUnits(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  splitter: AccessUnitSplitter,
): AsyncGenerator<AccessUnit> {
  for await (const chunk of chunks) {
    splitter.push(chunk)
    for (let unit = splitter.next(); unit; unit = splitter.next()) yield unit
  }
  splitter.finish()
  for (let unit = splitter.next(); unit; unit = splitter.next()) yield unit
}
