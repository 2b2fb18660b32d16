import { crc32Mpeg } from '../../../tools/ts/psi.ts'
import { adtsFrame, annexB, Bits, tinyVideo } from '../tiny-streams.ts'

export const VIDEO_PID = 0x100
export const AUDIO_PID = 0x101
export const PMT_PID = 0x1000
const FPS = 25
const GOP = 10
const FRAMES = 30
const LEAD_MS = 100
const AUDIO_FRAME_MS = 64

/** What a mutation may change; every hook returns its input when it has nothing to change. */
export type TsHooks = {
  codec?: 'h264' | 'h265'
  /** ms of all time stamps */
  startMs?: number
  frames?: number
  gop?: number
  nals?: (nals: Buffer[], index: number) => Buffer[]
  videoPts?: (ms: number, index: number) => number
  /** undefined: PTS only */
  videoDts?: (ms: number, index: number) => number | undefined
  audioPts?: (ms: number, index: number) => number
  audioData?: (frame: Buffer, index: number) => Buffer
  /** a PES packet, header included */
  pes?: (pes: Buffer, pid: number, index: number) => Buffer
  /** PCR in 27 MHz ticks; undefined: none here */
  pcr?: (ticks: number, index: number) => number | undefined
  /** random_access_indicator of the packet that starts picture `index` */
  randomAccess?: (flag: boolean, index: number) => boolean
  /** whether tables stand before picture `index` */
  tables?: (before: boolean, index: number) => boolean
  /** a section without its CRC; the CRC that fits is put behind it */
  section?: (section: Buffer, kind: 'pat' | 'pmt', index: number) => Buffer
  /** the payload of a table's packet: pointer_field, section, stuffing */
  sectionPayload?: (payload: Buffer, kind: 'pat' | 'pmt') => Buffer
  /** every packet, last of all; an empty list drops it */
  packet?: (packet: Buffer, index: number, pid: number) => Buffer | Buffer[]
  order?: (units: Unit[]) => Unit[]
}

export type Unit = {
  kind: 'video' | 'audio'
  index: number
  ms: number
  data: Buffer
  key: boolean
}

const time = (prefix: number, ticks: number): Bits => {
  const t = ((ticks % 2 ** 33) + 2 ** 33) % 2 ** 33
  return new Bits()
    .u(4, prefix)
    .u(3, Math.floor(t / 2 ** 30))
    .u(1, 1)
    .u(15, Math.floor(t / 2 ** 15) % 2 ** 15)
    .u(1, 1)
    .u(15, t % 2 ** 15)
    .u(1, 1)
}

const pesPacket = (
  streamId: number,
  pts: number,
  dts: number | undefined,
  data: Buffer,
): Buffer => {
  const times = Buffer.concat([
    time(dts === undefined ? 2 : 3, pts).bytes(),
    ...(dts === undefined ? [] : [time(1, dts).bytes()]),
  ])
  const length = streamId >= 0xe0 ? 0 : 3 + times.length + data.length
  return Buffer.concat([
    Buffer.from([
      0,
      0,
      1,
      streamId,
      length >> 8,
      length & 255,
      0x84,
      dts === undefined ? 0x80 : 0xc0,
      times.length,
    ]),
    times,
    data,
  ])
}

const section = (tableId: number, id: number, body: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from([
      tableId,
      0xb0 | ((body.length + 9) >> 8),
      (body.length + 9) & 255,
      id >> 8,
      id & 255,
      0xc1,
      0,
      0,
    ]),
    body,
  ])

export const patSection = (): Buffer =>
  section(0, 1, Buffer.from([0, 1, 0xe0 | (PMT_PID >> 8), PMT_PID & 255]))

export const pmtSection = (codec: 'h264' | 'h265'): Buffer => {
  const registration =
    codec === 'h265' ? Buffer.from([5, 4, ...Buffer.from('HEVC')]) : Buffer.alloc(0)
  const stream = (type: number, pid: number, descriptors: Buffer) =>
    Buffer.concat([
      Buffer.from([type, 0xe0 | (pid >> 8), pid & 255, 0xf0, descriptors.length]),
      descriptors,
    ])
  return section(
    2,
    1,
    Buffer.concat([
      Buffer.from([0xe0 | (VIDEO_PID >> 8), VIDEO_PID & 255, 0xf0, 0]),
      stream(codec === 'h264' ? 0x1b : 0x24, VIDEO_PID, registration),
      stream(0x0f, AUDIO_PID, Buffer.alloc(0)),
    ]),
  )
}

/** A transport stream that breaks no rule, or just the one that a hook breaks. */
export const buildTs = (hooks: TsHooks = {}): Buffer => {
  const { codec = 'h264', startMs = 1000 } = hooks
  const packets: { bytes: Buffer; pid: number }[] = []
  const counters = new Map<number, number>()

  const send = (
    pid: number,
    payload: Buffer,
    start: boolean,
    adaptation: Buffer | undefined,
  ): Buffer => {
    const space = 184 - (adaptation === undefined ? 0 : adaptation.length + 1)
    const taken = payload.subarray(0, space)
    let field = adaptation
    const fill = space - taken.length
    if (fill > 0) {
      if (field === undefined)
        field =
          fill === 1
            ? Buffer.alloc(0)
            : Buffer.concat([Buffer.from([0]), Buffer.alloc(fill - 2, 0xff)])
      else field = Buffer.concat([field, Buffer.alloc(fill, 0xff)])
    }
    const counter = ((counters.get(pid) ?? 15) + (taken.length > 0 ? 1 : 0)) & 15
    counters.set(pid, counter)
    const control = (field === undefined ? 0 : 2) | (taken.length > 0 ? 1 : 0)
    packets.push({
      pid,
      bytes: Buffer.concat([
        Buffer.from([0x47, (start ? 0x40 : 0) | (pid >> 8), pid & 255, (control << 4) | counter]),
        ...(field === undefined ? [] : [Buffer.from([field.length]), field]),
        taken,
      ]),
    })
    return payload.subarray(taken.length)
  }

  const sendTable = (kind: 'pat' | 'pmt', index: number) => {
    const plain = kind === 'pat' ? patSection() : pmtSection(codec)
    const body = hooks.section?.(plain, kind, index) ?? plain
    const crc = Buffer.alloc(4)
    crc.writeUInt32BE(crc32Mpeg(body))
    const payload = Buffer.concat([Buffer.from([0]), body, crc])
    const full = Buffer.concat([payload, Buffer.alloc(184 - payload.length, 0xff)])
    send(kind === 'pat' ? 0 : PMT_PID, hooks.sectionPayload?.(full, kind) ?? full, true, undefined)
  }

  const frames = hooks.frames ?? FRAMES
  const gop = hooks.gop ?? GOP
  const video = tinyVideo(codec, frames, gop, true)
  const units: Unit[] = video.map((nals, index) => ({
    kind: 'video',
    index,
    ms: (index * 1000) / FPS,
    data: annexB(hooks.nals?.(nals, index) ?? nals),
    key: index % gop === 0,
  }))
  const durationMs = (frames * 1000) / FPS
  for (let index = 0; index * AUDIO_FRAME_MS < durationMs; index++) {
    const frame = adtsFrame()
    units.push({
      kind: 'audio',
      index,
      ms: index * AUDIO_FRAME_MS,
      data: hooks.audioData?.(frame, index) ?? frame,
      key: false,
    })
  }
  units.sort((a, b) => a.ms - b.ms || (a.kind === 'video' ? -1 : 1))
  const counts = { video: 0, audio: 0 }
  for (const unit of hooks.order?.(units) ?? units) {
    const isVideo = unit.kind === 'video'
    const pid = isVideo ? VIDEO_PID : AUDIO_PID
    const ms = startMs + unit.ms
    const { index } = unit
    if (packets.length === 0 || (isVideo && (hooks.tables?.(unit.key, index) ?? unit.key)))
      for (const kind of ['pat', 'pmt'] as const) sendTable(kind, index)
    const pts = Math.round(
      (isVideo ? (hooks.videoPts?.(ms, index) ?? ms) : (hooks.audioPts?.(ms, index) ?? ms)) * 90,
    )
    const dts = isVideo ? hooks.videoDts?.(ms, index) : undefined
    const plain = pesPacket(
      isVideo ? 0xe0 : 0xc0,
      pts,
      dts === undefined ? undefined : Math.round(dts * 90),
      unit.data,
    )
    let rest = hooks.pes?.(plain, pid, counts[unit.kind]) ?? plain
    counts[unit.kind]++
    let adaptation: Buffer | undefined
    if (isVideo) {
      const ticks = Math.round((ms - LEAD_MS) * 27_000)
      const pcr = hooks.pcr === undefined ? ticks : hooks.pcr(ticks, index)
      const rai = hooks.randomAccess?.(unit.key, index) ?? unit.key
      const flags = (rai ? 0x40 : 0) | (pcr === undefined ? 0 : 0x10)
      const bits = new Bits().u(8, flags)
      if (pcr !== undefined) {
        const wrapped = ((pcr % (2 ** 33 * 300)) + 2 ** 33 * 300) % (2 ** 33 * 300)
        bits
          .u(33, Math.floor(wrapped / 300))
          .u(6, 0x3f)
          .u(9, wrapped % 300)
      }
      adaptation = flags === 0 ? undefined : bits.bytes()
    }
    for (let start = true; rest.length > 0 || start; start = false) {
      rest = send(pid, rest, start, adaptation)
      adaptation = undefined
    }
  }
  return Buffer.concat(
    packets.flatMap(({ bytes, pid }, index) => hooks.packet?.(bytes, index, pid) ?? bytes),
  )
}
