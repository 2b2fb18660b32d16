import type { SliceRecord, UnitRecord } from '../../core-wasm/index.ts'
import type { SliceStore } from '../channel/slices.ts'
import type { SliceEncryption, SliceStart } from '../mqtt/messages.ts'
import { AES_BLOCK, encryptBlocks, wholeBlocks } from './aes-cbc.ts'
import type { SliceKeys } from './slice-keys.ts'
import { cipherEnd, type Unit, Units } from './units.ts'

/** Readers at once: uplink, dump, spool, each somewhere else; and what one of them asks for again. */
const CURSORS = 8

/** The ciphertext block that lies before an offset of a unit: from there encryption goes on. */
type Cursor = { unit: number; offset: number; block: Uint8Array }

/**
 * A channel's core as uplink, dump and spool see it when recordings are encrypted: the same slices and units, with positions, lengths and bytes of the
 * ciphertext. Each unit is encrypted by itself, so a byte range of whole units, a cut and a slice that still grows can be decrypted. The ring stays
 * plain: bytes are encrypted when they are read, into buffers of their own, and as often as they are read the same.
 */
export class EncryptedStore implements SliceStore {
  readonly #core: SliceStore
  readonly #keys: SliceKeys
  readonly #units: Units
  /** where readers stand, newest last */
  #cursors: Cursor[] = []
  /** where what was released ends: the plain bytes before it are gone */
  #tail: Cursor | undefined

  constructor(core: SliceStore, keys: SliceKeys) {
    this.#core = core
    this.#keys = keys
    this.#units = new Units(core)
  }

  get head(): number {
    this.#units.follow()
    return this.#units.toCipher(this.#core.head)
  }

  get tail(): number {
    this.#units.follow()
    return this.#units.toCipher(this.#core.tail)
  }

  get nextSlice(): number {
    return this.#core.nextSlice
  }

  get firstUnit(): number {
    return this.#core.firstUnit
  }

  get nextUnit(): number {
    return this.#core.nextUnit
  }

  get width(): number {
    return this.#core.width
  }

  get height(): number {
    return this.#core.height
  }

  get format(): SliceStart['format'] {
    return this.#core.format
  }

  codecs(hasAudio: boolean): string {
    return this.#core.codecs(hasAudio)
  }

  /** Clear: it says nothing but what the codecs are, and players need it before any key. */
  initSegment(id: number): Uint8Array {
    return this.#core.initSegment(id)
  }

  encryption(slice: number, unit: number): SliceEncryption {
    return this.#keys.encryption(slice, unit)
  }

  readSlice(number: number, record: SliceRecord): boolean {
    this.#units.follow()
    if (!this.#core.readSlice(number, record)) return false
    const span = this.#units.slice(number)
    record.start = span?.start ?? this.#units.toCipher(record.start)
    record.end = span?.end ?? this.#units.toCipher(record.end)
    return true
  }

  readUnit(number: number, record: UnitRecord): boolean {
    this.#units.follow()
    const unit = this.#units.get(number)
    if (!unit || !this.#core.readUnit(number, record)) return false
    record.start = unit.cipher
    record.end = cipherEnd(unit)
    return true
  }

  span(position: number, length: number): readonly Uint8Array[] {
    this.#units.follow()
    const end = position + length
    return this.#units.between(position, end).map((unit) => {
      const from = Math.max(0, position - unit.cipher)
      return this.#encrypt(unit, from, Math.min(end, cipherEnd(unit)) - unit.cipher)
    })
  }

  release(position: number): void {
    this.#units.follow()
    const plain = this.#units.toPlain(position)
    if (plain <= this.#core.tail) return
    const unit = this.#units.at(position)
    const offset = unit ? plain - unit.plain : 0
    // what comes after it is encrypted with the block before it, which cannot be made again
    if (unit && offset > 0 && (plain < unit.plainEnd || !unit.closed))
      this.#tail = this.#cursorAt(unit, offset)
    this.#core.release(plain)
  }

  /** Bytes that were read are copies: the ring may be used again at any time. */
  hold(): void {}
  unhold(): void {}

  /** Position of the core's stream that an encrypted one stands for. */
  plainPosition(position: number): number {
    this.#units.follow()
    return this.#units.toPlain(position)
  }

  /** Encrypted bytes of a unit, from one offset in it to another. */
  #encrypt(unit: Unit, from: number, to: number): Uint8Array {
    const length = unit.plainEnd - unit.plain
    const start = wholeBlocks(from)
    const pads = to > wholeBlocks(length)
    const plainTo = pads ? length : Math.ceil(to / AES_BLOCK) * AES_BLOCK
    const chain = this.#cursorAt(unit, start).block
    const plain = plainTo > start ? this.#core.span(unit.plain + start, plainTo - start) : []
    const bytes = encryptBlocks(this.#keys.key(unit.slice), chain, plain, pads)
    if (!pads && bytes.length > 0)
      this.#remember({
        unit: unit.number,
        offset: start + bytes.length,
        block: Uint8Array.from(bytes.subarray(-AES_BLOCK)),
      })
    return bytes.subarray(from - start, to - start)
  }

  /** The chain at an offset of a unit: remembered, or found by encrypting up to there. */
  #cursorAt(unit: Unit, offset: number): Cursor {
    const known = [...this.#cursors, ...(this.#tail ? [this.#tail] : [])].filter(
      (cursor) => cursor.unit === unit.number && cursor.offset <= offset,
    )
    let best: Cursor = {
      unit: unit.number,
      offset: 0,
      block: this.#keys.iv(unit.slice, unit.number),
    }
    for (const cursor of known) if (cursor.offset > best.offset) best = cursor
    if (best.offset === offset) return best
    const plain = this.#core.span(unit.plain + best.offset, offset - best.offset)
    const bytes = encryptBlocks(this.#keys.key(unit.slice), best.block, plain, false)
    return { unit: unit.number, offset, block: Uint8Array.from(bytes.subarray(-AES_BLOCK)) }
  }

  #remember(cursor: Cursor): void {
    this.#cursors.push(cursor)
    if (this.#cursors.length > CURSORS) this.#cursors.shift()
  }
}
