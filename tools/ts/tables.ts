import type { FaultLog } from '../check/fault-log.ts'
import { PID_PAT, type TsPacket } from './packet.ts'
import {
  type Pmt,
  parsePat,
  parsePmt,
  parseSection,
  SECTION_LENGTH_MAX,
  type Section,
  TABLE_ID_PAT,
  TABLE_ID_PMT,
} from './psi.ts'
import type { TsRuleId } from './rules.ts'

export type TableHandler = {
  table(kind: 'pat' | 'pmt', section: Section, offset: number): void
  pmt(pmt: Pmt, offset: number): void
}

/** table_id to section_length; they count not as part of section_length. */
const LENGTH_FIELD_BYTES = 3
/** From transport_stream_id to the CRC, without entries. */
const SECTION_LENGTH_MIN = 9

/** Puts PAT and PMT sections together and judges them. Spec: 13818-1 2.4.4. */
export class TableReader {
  readonly #log: FaultLog<TsRuleId>
  readonly #handler: TableHandler
  readonly #partial = new Map<number, { bytes: Uint8Array; offset: number }>()
  readonly #pmtPids = new Set<number>()
  /** last section of each PID, to see that a change comes with a new version */
  readonly #last = new Map<number, { version: number; body: string }>()
  #pat = false
  #pmt = false

  constructor(log: FaultLog<TsRuleId>, handler: TableHandler) {
    this.#log = log
    this.#handler = handler
  }

  isPmtPid(pid: number): boolean {
    return this.#pmtPids.has(pid)
  }

  finish(offset: number): void {
    this.#log.expect(this.#pat, 'pat.present', offset, 'no valid PAT with a program')
    this.#log.expect(this.#pmt || !this.#pat, 'pmt.present', offset, 'no valid PMT')
    for (const [pid, part] of this.#partial)
      this.#log.report('psi.length', part.offset, `section on PID ${pid} is not complete`)
  }

  packet(packet: TsPacket): void {
    const { pid, payload, offset } = packet
    let bytes = payload
    if (packet.unitStart) {
      const pointer = payload[0] ?? 0
      if (
        !this.#log.expect(
          1 + pointer < payload.length,
          'psi.pointer',
          offset,
          `pointer_field ${pointer}`,
        )
      )
        return
      if (this.#partial.has(pid)) this.#continue(pid, payload.subarray(1, 1 + pointer))
      if (this.#partial.delete(pid))
        this.#log.report('psi.length', offset, `section on PID ${pid} is cut by the next`)
      bytes = payload.subarray(1 + pointer)
      this.#sections(pid, bytes, offset)
    } else this.#continue(pid, bytes)
  }

  #continue(pid: number, bytes: Uint8Array): void {
    const part = this.#partial.get(pid)
    if (!part) return
    const joined = new Uint8Array(part.bytes.length + bytes.length)
    joined.set(part.bytes)
    joined.set(bytes, part.bytes.length)
    this.#partial.delete(pid)
    this.#sections(pid, joined, part.offset)
  }

  #sections(pid: number, bytes: Uint8Array, offset: number): void {
    for (let at = 0; at < bytes.length; ) {
      if (bytes[at] === 0xff) {
        const clean = bytes.subarray(at).every((byte) => byte === 0xff)
        this.#log.expect(clean, 'psi.stuffing', offset, 'bytes behind the section are not 0xFF')
        return
      }
      const rest = bytes.subarray(at)
      const length = rest.length < LENGTH_FIELD_BYTES ? 0 : ((rest[1]! & 15) << 8) | rest[2]!
      if (
        rest.length >= LENGTH_FIELD_BYTES &&
        (length < SECTION_LENGTH_MIN || length > SECTION_LENGTH_MAX)
      ) {
        this.#log.report('psi.length', offset, `section_length ${length}`)
        return
      }
      if (rest.length < LENGTH_FIELD_BYTES || rest.length < LENGTH_FIELD_BYTES + length) {
        this.#partial.set(pid, { bytes: rest.slice(), offset })
        return
      }
      this.#section(pid, rest.slice(0, LENGTH_FIELD_BYTES + length), offset)
      at += LENGTH_FIELD_BYTES + length
    }
  }

  #section(pid: number, bytes: Uint8Array, offset: number): void {
    const section = parseSection(bytes)
    if (!section) return
    const log = this.#log
    const kind = pid === PID_PAT ? 'pat' : 'pmt'
    const wanted = kind === 'pat' ? TABLE_ID_PAT : TABLE_ID_PMT
    if (
      !log.expect(
        section.tableId === wanted,
        'psi.table-id',
        offset,
        `table_id ${section.tableId} on PID ${pid}`,
      )
    )
      return
    const reserved = section.reserved1 === 3 && section.reserved2 === 3
    const syntax = section.syntaxIndicator === 1 && section.zeroBit === 0 && reserved
    log.expect(
      syntax,
      'psi.syntax',
      offset,
      `${kind}: section_syntax_indicator, zero or reserved bits`,
    )
    if (!log.expect(section.crcOk, 'psi.crc', offset, `${kind}: CRC_32 is wrong`)) return
    const current = section.currentNext === 1 && section.number === 0 && section.lastNumber === 0
    log.expect(current, 'psi.current', offset, `${kind}: current_next_indicator or section_number`)
    const body = Buffer.from(section.body).toString('latin1')
    const last = this.#last.get(pid)
    this.#last.set(pid, { version: section.version, body })
    if (last && last.body !== body)
      log.expect(
        last.version !== section.version,
        'psi.version',
        offset,
        `${kind} changed within version ${section.version}`,
      )
    if (kind === 'pat') this.#onPat(section, offset)
    else this.#onPmt(section, offset)
    this.#handler.table(kind, section, offset)
  }

  #onPat(section: Section, offset: number): void {
    const entries = parsePat(section.body)
    const whole = entries?.every((entry) => entry.reserved === 7) ?? false
    this.#log.expect(whole, 'pat.entries', offset, 'PAT entries')
    for (const entry of entries ?? [])
      if (entry.program !== 0) {
        this.#pmtPids.add(entry.pid)
        this.#pat = true
      }
  }

  #onPmt(section: Section, offset: number): void {
    const pmt = parsePmt(section.body)
    if (!pmt) {
      this.#log.report('pmt.loops', offset, 'PMT loops do not add up')
      return
    }
    const reserved = pmt.reservedOk && pmt.streams.every((stream) => stream.reservedOk)
    this.#log.expect(reserved, 'pmt.loops', offset, 'reserved bits in the PMT')
    this.#pmt = true
    this.#handler.pmt(pmt, offset)
  }
}
