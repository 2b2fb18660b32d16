import type { VideoCodec } from '../../runtime/source/annexb.ts'
import { FaultLog } from '../check/fault-log.ts'
import type { PictureInfo } from '../check/picture-common.ts'
import { AudioTrack } from './audio-track.ts'
import { ProgramClock } from './clock.ts'
import { type Pes, TsDemuxer } from './demuxer.ts'
import type { TsPacket } from './packet.ts'
import { parsePesHeader } from './pes.ts'
import { type Pmt, type Section, STREAM_TYPES } from './psi.ts'
import { TS_RULES, type TsRuleId } from './rules.ts'
import { VideoTrack } from './video-track.ts'

const REGISTRATION_DESCRIPTOR = 0x05
const VIDEO_CODECS: Record<number, VideoCodec> = { 27: 'h264', 36: 'h265' }
const STREAM_TYPE_AAC = 0x0f

export type TsEvents = {
  packet?(packet: TsPacket): void
  table?(kind: 'pat' | 'pmt', section: Section, offset: number): void
  pmt?(pmt: Pmt, offset: number): void
  pes?(pes: Pes, picture?: PictureInfo): void
}

type Tables = { pat: boolean; pmt: boolean }

/** Checks a transport stream as it is read; afterwards says what is in it. Memory does not grow with the file. */
export class TsChecker {
  readonly log = new FaultLog<TsRuleId>(TS_RULES)
  readonly clock = new ProgramClock(this.log)
  readonly video = new Map<number, VideoTrack>()
  readonly audio = new Map<number, AudioTrack>()
  readonly streamTypes = new Map<number, number>()
  readonly #demuxer: TsDemuxer
  readonly #events: TsEvents
  /** tables seen since the last video PES packet began, and those before the one that is open */
  #tables: Tables = { pat: false, pmt: false }
  #tablesOfOpen = new Map<number, boolean>()
  #videoStarted = false
  bytes = 0
  packets = 0

  constructor(events: TsEvents = {}) {
    this.#events = events
    this.#demuxer = new TsDemuxer(this.log, {
      packet: (packet) => this.#packet(packet),
      table: (kind, section, offset) => this.#table(kind, section, offset),
      pmt: (pmt, offset) => this.#pmt(pmt, offset),
      pesStart: (pid, _type, packet) => this.#pesStart(pid, packet),
      pes: (pes) => this.#pes(pes),
    })
  }

  push(chunk: Uint8Array): void {
    this.bytes += chunk.length
    this.#demuxer.push(chunk)
  }

  finish(): void {
    this.#demuxer.finish()
    this.clock.finish(this.bytes)
    for (const track of this.video.values()) track.finish()
  }

  #packet(packet: TsPacket): void {
    this.packets++
    this.clock.packet(packet)
    this.#events.packet?.(packet)
  }

  #table(kind: 'pat' | 'pmt', section: Section, offset: number): void {
    this.#tables[kind] = true
    this.clock.table(kind)
    this.#events.table?.(kind, section, offset)
  }

  #pmt(pmt: Pmt, offset: number): void {
    this.clock.pcrPid = pmt.pcrPid
    const known = pmt.streams.some((stream) => stream.pid === pmt.pcrPid)
    this.log.expect(known, 'pmt.pcr-pid', offset, `PCR_PID ${pmt.pcrPid} is none of the streams`)
    for (const { type, pid, descriptors } of pmt.streams) {
      const codec = VIDEO_CODECS[type]
      this.streamTypes.set(pid, type)
      this.log.expect(
        codec !== undefined || type === STREAM_TYPE_AAC,
        'pmt.stream-type',
        offset,
        `stream_type 0x${type.toString(16)} (${STREAM_TYPES[type] ?? 'unknown'})`,
      )
      for (const { tag, data } of descriptors)
        if (tag === REGISTRATION_DESCRIPTOR && codec === 'h265') {
          const id = Buffer.from(data.subarray(0, 4)).toString('latin1')
          this.log.expect(
            id === 'HEVC',
            'pmt.registration',
            offset,
            `format_identifier ${JSON.stringify(id)}`,
          )
        }
      if (codec && !this.video.has(pid)) this.video.set(pid, new VideoTrack(codec, this.log))
      if (type === STREAM_TYPE_AAC && !this.audio.has(pid))
        this.audio.set(pid, new AudioTrack(this.log))
    }
    this.#events.pmt?.(pmt, offset)
  }

  #pesStart(pid: number, packet: TsPacket): void {
    const header = parsePesHeader(packet.payload)
    this.clock.pesStart(header?.dts ?? header?.pts, packet.offset)
    if (this.video.has(pid)) {
      this.#videoStarted = true
      this.#tablesOfOpen.set(pid, this.#tables.pat && this.#tables.pmt)
      this.#tables = { pat: false, pmt: false }
    } else if (this.audio.has(pid) && this.video.size > 0 && !this.#videoStarted)
      this.log.report('unit.audio-first', packet.offset, 'sound before the first picture')
  }

  #pes(pes: Pes): void {
    const video = this.video.get(pes.pid)
    if (video) {
      const picture = video.pes(pes, this.#tablesOfOpen.get(pes.pid) ?? false)
      this.#events.pes?.(pes, picture)
      return
    }
    this.audio.get(pes.pid)?.pes(pes)
    this.#events.pes?.(pes)
  }

  /** Bytes that are not elementary stream. */
  get overheadBytes(): number {
    let payload = 0
    for (const track of [...this.video.values(), ...this.audio.values()]) payload += track.bytes
    return this.bytes - payload
  }
}
