import * as abi from './abi.gen.ts'
import { type CoreConfig, writeConfig } from './config.ts'
import { CoreError } from './errors.ts'
import type { CoreExports } from './exports.ts'
import { instantiate, loadBest, loadModule, type Variant } from './loader.ts'
import {
  type CoreCounters,
  type FrameRecord,
  readCounters,
  type SliceRecord,
  type UnitRecord,
} from './records.ts'

export type CoreOptions = {
  /** default: SIMD, or scalar where the engine has no SIMD */
  variant?: Variant
  /** a module compiled elsewhere, instead of a variant */
  module?: WebAssembly.Module
  /** room for the host behind the channel's own memory, from `extra` on: whole pages of 64 KiB */
  extraBytes?: number
}

const PAGE_BYTES = 65_536

/**
 * One channel: one instance of core.wasm with its fixed memory. The push path returns numbers (0 done, negative refused, positive done with
 * a notice; see errors.ts), never throws and allocates nothing. Memory never grows after create(), so views stay valid.
 */
export class Core {
  readonly exports: CoreExports
  readonly memory: WebAssembly.Memory
  /**
   * Called inside copyVideo() and moveVideo() when bytes became visible that have to be read before room can be made: a reader of every byte (dump, spool)
   * reads up to `head` here.
   */
  onReadable: (() => void) | undefined
  /** all of memory */
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly #view: DataView
  readonly #i32: Int32Array
  readonly #f64: Float64Array
  readonly #ring: number
  readonly #ringSize: number
  readonly #audio: number
  /** address of the room that `extraBytes` asked for */
  readonly extra: number

  private constructor(exports: CoreExports, extraBytes: number) {
    this.exports = exports
    // before any view is made: afterwards memory never grows
    this.extra = exports.memory.buffer.byteLength
    if (extraBytes > 0) exports.memory.grow(Math.ceil(extraBytes / PAGE_BYTES))
    this.memory = exports.memory
    const buffer = exports.memory.buffer as ArrayBuffer
    const state = exports.state()
    this.bytes = new Uint8Array(buffer)
    this.#view = new DataView(buffer)
    this.#i32 = new Int32Array(buffer, state, abi.STATE_BYTES >> 2)
    this.#f64 = new Float64Array(buffer, state, abi.STATE_BYTES >> 3)
    this.#ring = this.#i32[abi.STATE_RING_ADDRESS >> 2]!
    this.#ringSize = this.#i32[abi.STATE_RING_SIZE >> 2]!
    this.#audio = exports.audio_buffer()
  }

  /** Opens a channel. Throws CoreError when the configuration is out of range. */
  static async create(config: CoreConfig, options: CoreOptions = {}): Promise<Core> {
    const module =
      options.module ??
      (options.variant === undefined
        ? (await loadBest()).module
        : await loadModule(options.variant))
    const exports = await instantiate(module)
    writeConfig(exports.memory, exports.config(), config)
    const status = exports.open()
    if (status < 0) throw new CoreError(status)
    return new Core(exports, options.extraBytes ?? 0)
  }

  // ── in ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Address where a frame of `length` bytes can be written and then pushed in place, or a negative status. */
  reserve(length: number): number {
    return this.exports.reserve(length)
  }

  /** A frame that lies in this instance's memory: at the reserved address (muxed in place) or elsewhere outside the ring. */
  pushVideo(
    address: number,
    length: number,
    ptsMs: number,
    utcMs: number,
    seq: number,
    frameType: number,
  ): number {
    return this.exports.push_video(address, length, ptsMs, utcMs, seq, frameType)
  }

  /** A frame of the host: one copy into the ring, muxed in place there. */
  copyVideo(
    frame: Uint8Array,
    ptsMs: number,
    utcMs: number,
    seq: number,
    frameType: number,
  ): number {
    const address = this.reserveRoom(frame.length)
    if (address < 0) return address
    this.bytes.set(frame, address)
    return this.exports.push_video(address, frame.length, ptsMs, utcMs, seq, frameType)
  }

  /** As copyVideo, of a frame that lies in this memory, outside the ring. */
  moveVideo(
    from: number,
    length: number,
    ptsMs: number,
    utcMs: number,
    seq: number,
    frameType: number,
  ): number {
    const address = this.reserveRoom(length)
    if (address < 0) return address
    this.bytes.copyWithin(address, from, from + length)
    return this.exports.push_video(address, length, ptsMs, utcMs, seq, frameType)
  }

  /** As reserve(), after handing bytes that are in the way to `onReadable`. */
  reserveRoom(length: number): number {
    const address = this.exports.reserve(length)
    if (address !== abi.RING_RETRY) return address
    this.onReadable?.()
    return this.exports.reserve(length)
  }

  pushAudio(address: number, length: number, ptsMs: number, utcMs: number, seq: number): number {
    return this.exports.push_audio(address, length, ptsMs, utcMs, seq)
  }

  /** ADTS frames or samples of the host, at most AUDIO_INPUT_BYTES. */
  copyAudio(frame: Uint8Array, ptsMs: number, utcMs: number, seq: number): number {
    if (frame.length > abi.AUDIO_INPUT_BYTES) return abi.AUDIO_LENGTH
    this.bytes.set(frame, this.#audio)
    return this.exports.push_audio(this.#audio, frame.length, ptsMs, utcMs, seq)
  }

  /** As copyAudio, of a packet that lies in this memory, outside the ring. */
  moveAudio(from: number, length: number, ptsMs: number, utcMs: number, seq: number): number {
    if (length > abi.AUDIO_INPUT_BYTES) return abi.AUDIO_LENGTH
    this.bytes.copyWithin(this.#audio, from, from + length)
    return this.exports.push_audio(this.#audio, length, ptsMs, utcMs, seq)
  }

  /** Ends the open slice: `CLOSED_STOP`, `CLOSED_PAUSE`, `CLOSED_CLOCK` or `CLOSED_FORMAT`. */
  flush(why: number): number {
    return this.exports.flush(why)
  }

  /** To be called after 1 s without frames: what waits (audio, an open fragment) becomes visible. */
  closeFragment(): number {
    return this.exports.close_fragment()
  }

  // ── out ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** End of what may be read, as a stream position: bytes since open. */
  get head(): number {
    return this.#f64[abi.STATE_HEAD >> 3]!
  }

  /** Start of what is still in the ring. */
  get tail(): number {
    return this.#f64[abi.STATE_TAIL >> 3]!
  }

  /** Bytes between tail and head. */
  get buffered(): number {
    return this.head - this.tail
  }

  get ringSize(): number {
    return this.#ringSize
  }

  /** Where a position of [tail, head) lies in `bytes`. */
  addressOf(position: number): number {
    return this.#ring + ((position - this.#f64[abi.STATE_ORIGIN >> 3]!) % this.#ringSize)
  }

  /** Bytes from `position` on that lie in one piece, at most `length`: a second piece of what is left may follow. */
  contiguous(position: number, length: number): number {
    return Math.min(length, this.#ring + this.#ringSize - this.addressOf(position))
  }

  /** The first piece of [position, position + length) without copying; the rest is the next call's. Valid until it is released. */
  piece(position: number, length: number): Uint8Array<ArrayBuffer> {
    const address = this.addressOf(position)
    return this.bytes.subarray(address, address + this.contiguous(position, length))
  }

  /** [position, position + length) as one or two views, without copying. */
  span(position: number, length: number): Uint8Array<ArrayBuffer>[] {
    if (length <= 0) return []
    const first = this.piece(position, length)
    return first.length === length
      ? [first]
      : [first, this.piece(position + first.length, length - first.length)]
  }

  /** The uplink is done with everything below `position`. */
  release(position: number): number {
    return this.exports.release(position)
  }

  /** Bytes of a request in flight are not reused until unhold(); one range at a time. */
  hold(from: number, to: number): number {
    return this.exports.hold(from, to)
  }

  unhold(): number {
    return this.exports.hold(0, 0)
  }

  // ── slices, units, frames ───────────────────────────────────────────────────────────────────────────────────────────

  get firstSlice(): number {
    return this.#i32[abi.STATE_FIRST_SLICE >> 2]!
  }

  /** Number that the next slice will get; slices [firstSlice, nextSlice) are in the table. */
  get nextSlice(): number {
    return this.#i32[abi.STATE_NEXT_SLICE >> 2]!
  }

  /** Reads slice `number` into `record`; undefined when it is not in the table. */
  slice(number: number, record: SliceRecord): SliceRecord | undefined {
    const address = this.exports.slice_address(number)
    return address === 0 ? undefined : record.read(this.#view, address)
  }

  get firstUnit(): number {
    return this.#i32[abi.STATE_FIRST_UNIT >> 2]!
  }

  get nextUnit(): number {
    return this.#i32[abi.STATE_NEXT_UNIT >> 2]!
  }

  unit(number: number, record: UnitRecord): UnitRecord | undefined {
    const address = this.exports.unit_address(number)
    return address === 0 ? undefined : record.read(this.#view, address)
  }

  get firstFrame(): number {
    return this.#i32[abi.STATE_FIRST_FRAME >> 2]!
  }

  get nextFrame(): number {
    return this.#i32[abi.STATE_NEXT_FRAME >> 2]!
  }

  frame(number: number, record: FrameRecord): FrameRecord | undefined {
    const address = this.exports.frame_address(number)
    return address === 0 ? undefined : record.read(this.#view, address)
  }

  /** Init segment (fMP4) with this id, as a view; empty when there is none. A slice's file is its init segment and its ring bytes. */
  initSegment(id: number): Uint8Array<ArrayBuffer> {
    const address = this.exports.init_address(id)
    return this.bytes.subarray(address, address + this.exports.init_length(id))
  }

  // ── state ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  get lastStatus(): number {
    return this.#i32[abi.STATE_LAST_STATUS >> 2]!
  }

  /** Bytes that were missing when the last status said that room was too small. */
  get shortfall(): number {
    return this.#i32[abi.STATE_SHORTFALL >> 2]!
  }

  get needIdr(): boolean {
    return this.#i32[abi.STATE_NEED_IDR >> 2]! !== 0
  }

  get width(): number {
    return this.#i32[abi.STATE_WIDTH >> 2]!
  }

  get height(): number {
    return this.#i32[abi.STATE_HEIGHT >> 2]!
  }

  get profile(): number {
    return this.#i32[abi.STATE_PROFILE >> 2]!
  }

  get level(): number {
    return this.#i32[abi.STATE_LEVEL >> 2]!
  }

  /** H.264: the byte of constraint_set flags; H.265: general_profile_compatibility_flags. */
  get compatibility(): number {
    return this.#i32[abi.STATE_COMPATIBILITY >> 2]!
  }

  get audioRate(): number {
    return this.#i32[abi.STATE_AUDIO_RATE >> 2]!
  }

  get audioChannels(): number {
    return this.#i32[abi.STATE_AUDIO_CHANNELS >> 2]!
  }

  get bytesLost(): number {
    return this.#f64[abi.STATE_BYTES_LOST >> 3]!
  }

  get videoFrames(): number {
    return this.#i32[abi.STATE_VIDEO_FRAMES >> 2]! >>> 0
  }

  get audioFrames(): number {
    return this.#i32[abi.STATE_AUDIO_FRAMES >> 2]! >>> 0
  }

  /** All counters; allocates, so not for every frame. */
  counters(): CoreCounters {
    return readCounters(this.#i32, this.#f64)
  }
}
