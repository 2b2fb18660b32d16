import type { FaultLog } from '../check/fault-log.ts'
import { PID_NULL, PID_PAT, parsePacket, TS_PACKET_BYTES, type TsPacket } from './packet.ts'
import { type PesHeader, parsePesHeader } from './pes.ts'
import type { Pmt, Section } from './psi.ts'
import type { TsRuleId } from './rules.ts'
import { TableReader } from './tables.ts'

/** One PES packet, whole. */
export type Pes = {
  pid: number
  streamType: number
  /** of its first transport packet */
  offset: number
  header: PesHeader
  data: Uint8Array
  randomAccess: boolean
  /** transport packets that carried it */
  packets: number
}

export type DemuxHandler = {
  packet?(packet: TsPacket): void
  table?(kind: 'pat' | 'pmt', section: Section, offset: number): void
  pmt?(pmt: Pmt, offset: number): void
  /** the first transport packet of a PES packet has come */
  pesStart?(pid: number, streamType: number, packet: TsPacket): void
  pes?(pes: Pes): void
}

/** PIDs up to here carry system tables: CAT, TSDT, DVB SI. Spec: 13818-1 Table 2-3, EN 300 468 Table 1 */
const PID_SYSTEM_LAST = 0x1f

type OpenPes = {
  chunks: Uint8Array[]
  bytes: number
  offset: number
  randomAccess: boolean
  packets: number
}
type Stream = { type: number; open: OpenPes | undefined; started: boolean }

/** No PES packet of ours comes near: a larger one is cut and reported, so memory stays bounded. */
const PES_MAX_BYTES = 16 * 1024 * 1024

const isVideoType = (type: number): boolean =>
  type === 0x1b || type === 0x24 || type === 1 || type === 2

/**
 * Reads a transport stream given in chunks of any size: packets, tables, PES packets. Reports what breaks the rules of
 * these layers; what they mean is for its handler to judge.
 */
export class TsDemuxer {
  readonly #log: FaultLog<TsRuleId>
  readonly #handler: DemuxHandler
  readonly #tables: TableReader
  readonly #streams = new Map<number, Stream>()
  readonly #continuity = new Map<number, number>()
  #rest = new Uint8Array(0)
  #offset = 0
  #synced = true

  constructor(log: FaultLog<TsRuleId>, handler: DemuxHandler) {
    this.#log = log
    this.#handler = handler
    this.#tables = new TableReader(log, {
      table: (kind, section, offset) => handler.table?.(kind, section, offset),
      pmt: (pmt, offset) => this.#onPmt(pmt, offset),
    })
  }

  push(chunk: Uint8Array): void {
    let bytes = chunk
    if (this.#rest.length > 0) {
      bytes = new Uint8Array(this.#rest.length + chunk.length)
      bytes.set(this.#rest)
      bytes.set(chunk, this.#rest.length)
    }
    let at = 0
    for (; at + TS_PACKET_BYTES <= bytes.length; at += TS_PACKET_BYTES) {
      this.#packet(parsePacket(bytes, at, this.#offset))
      this.#offset += TS_PACKET_BYTES
    }
    this.#rest = bytes.slice(at)
  }

  finish(): void {
    if (this.#rest.length > 0)
      this.#log.report(
        'ts.length',
        this.#offset,
        `${this.#rest.length} bytes behind the last packet of ${TS_PACKET_BYTES}`,
      )
    for (const [pid, stream] of this.#streams) this.#close(pid, stream)
    this.#tables.finish(this.#offset)
  }

  #packet(packet: TsPacket): void {
    const { offset, pid } = packet
    const log = this.#log
    if (!packet.syncOk) {
      // once per run: after a lost byte every packet would be reported
      if (this.#synced) log.report('ts.sync', offset, 'sync byte is not 0x47')
      this.#synced = false
      return
    }
    this.#synced = true
    log.expect(
      !packet.transportError,
      'ts.transport-error',
      offset,
      'transport_error_indicator is 1',
    )
    log.expect(packet.scrambling === 0, 'ts.scrambling', offset, `scrambling ${packet.scrambling}`)
    if (pid === PID_NULL) return
    if (!log.expect(packet.control !== 0, 'ts.control', offset, 'adaptation_field_control is 0'))
      return
    this.#checkAdaptation(packet)
    this.#checkContinuity(packet)
    this.#handler.packet?.(packet)
    if (pid === PID_PAT || this.#tables.isPmtPid(pid)) {
      this.#tables.packet(packet)
      return
    }
    if (pid <= PID_SYSTEM_LAST) return
    const stream = this.#streams.get(pid)
    if (!stream) {
      log.report('ts.pid', offset, `PID ${pid} is in no table before it`)
      return
    }
    if (packet.payload.length > 0) this.#payload(pid, stream, packet)
  }

  #checkAdaptation({ adaptation, control, offset }: TsPacket): void {
    if (!adaptation) return
    const { length } = adaptation
    const ok = control === 2 ? length === 183 : length <= 182
    this.#log.expect(
      ok,
      'ts.af-length',
      offset,
      `adaptation_field_length ${length}, control ${control}`,
    )
    this.#log.expect(
      !adaptation.overrun,
      'ts.af-fields',
      offset,
      'fields run over the adaptation field',
    )
    this.#log.expect(adaptation.stuffingOk, 'ts.af-stuffing', offset, 'stuffing byte is not 0xFF')
  }

  /** Counts packets with payload; the same packet may come twice. Spec: 13818-1 2.4.3.3. */
  #checkContinuity(packet: TsPacket): void {
    const last = this.#continuity.get(packet.pid)
    this.#continuity.set(packet.pid, packet.continuity)
    if (last === undefined || packet.adaptation?.discontinuity) return
    const expected = (packet.control & 1) !== 0 ? (last + 1) & 15 : last
    this.#log.expect(
      packet.continuity === expected,
      'ts.continuity',
      packet.offset,
      `PID ${packet.pid}: continuity_counter ${packet.continuity}, expected ${expected}`,
    )
  }

  #onPmt(pmt: Pmt, offset: number): void {
    for (const { pid, type } of pmt.streams)
      if (this.#streams.get(pid)?.type !== type)
        this.#streams.set(pid, { type, open: undefined, started: false })
    this.#handler.pmt?.(pmt, offset)
  }

  #payload(pid: number, stream: Stream, packet: TsPacket): void {
    if (packet.unitStart) {
      this.#close(pid, stream)
      stream.started = true
      stream.open = {
        chunks: [],
        bytes: 0,
        offset: packet.offset,
        randomAccess: packet.adaptation?.randomAccess ?? false,
        packets: 0,
      }
      this.#handler.pesStart?.(pid, stream.type, packet)
    }
    const { open } = stream
    if (!open) {
      if (!stream.started)
        this.#log.report(
          'pes.unit-start',
          packet.offset,
          `PID ${pid} begins in the middle of a PES packet`,
        )
      stream.started = true
      return
    }
    open.packets++
    if (!packet.unitStart && packet.adaptation?.randomAccess)
      this.#log.report('unit.random-access', packet.offset, 'set in the middle of a PES packet')
    open.bytes += packet.payload.length
    if (open.bytes > PES_MAX_BYTES) {
      this.#log.report('pes.length', open.offset, `PES packet of over ${PES_MAX_BYTES} bytes`)
      stream.open = undefined
      return
    }
    open.chunks.push(packet.payload.slice())
  }

  #close(pid: number, stream: Stream): void {
    const { open } = stream
    if (!open) return
    stream.open = undefined
    const bytes = new Uint8Array(open.bytes)
    let at = 0
    for (const chunk of open.chunks) {
      bytes.set(chunk, at)
      at += chunk.length
    }
    const header = parsePesHeader(bytes)
    if (!header) {
      this.#log.report(
        'pes.length',
        open.offset,
        `PES packet of ${bytes.length} bytes has no room for its header`,
      )
      return
    }
    this.#checkPes(header, stream.type, bytes.length, open.offset)
    this.#handler.pes?.({
      pid,
      streamType: stream.type,
      offset: open.offset,
      header,
      data: bytes.subarray(Math.min(header.headerBytes, bytes.length)),
      randomAccess: open.randomAccess,
      packets: open.packets,
    })
  }

  #checkPes(header: PesHeader, streamType: number, bytes: number, offset: number): void {
    const log = this.#log
    log.expect(header.startCodeOk, 'pes.start-code', offset, 'PES packet without start code')
    const video = isVideoType(streamType)
    const idOk = video ? header.streamId >> 4 === 0xe : header.streamId >> 5 === 6
    const id = header.streamId.toString(16)
    log.expect(idOk, 'pes.stream-id', offset, `stream_id 0x${id} for stream_type ${streamType}`)
    const expected = header.length === 0 && video ? bytes : header.length + 6
    log.expect(
      bytes === expected,
      'pes.length',
      offset,
      `PES_packet_length says ${expected} bytes, there are ${bytes}`,
    )
    log.expect(
      header.markerOk && header.scrambling === 0,
      'pes.flags',
      offset,
      'marker or scrambling bits',
    )
    log.expect(header.timeFlags !== 1, 'pes.time-flags', offset, "PTS_DTS_flags '01'")
    log.expect(header.lengthOk, 'pes.header-length', offset, 'optional fields run over the header')
    log.expect(header.stuffingOk, 'pes.stuffing', offset, 'stuffing byte is not 0xFF')
    log.expect(header.timeMarkersOk, 'pes.time-markers', offset, 'marker bits of PTS or DTS')
  }
}
