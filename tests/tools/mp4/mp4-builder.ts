import { Bits, h264, h265, tinyVideo } from '../tiny-streams.ts'

const FPS = 25
const GOP = 10
const FRAMES = 30
const VIDEO_SCALE = 90_000
const AUDIO_RATE = 16_000
const NTP_TO_UNIX_S = 2_208_988_800
export const VIDEO_ID = 1
export const AUDIO_ID = 2
const SYNC_FLAGS = 0x0200_0000
const P_FLAGS = 0x0101_0000

export type Place = { fragment: number; track: number }

/** What a mutation may change; every hook returns its input when it has nothing to change. */
export type Mp4Hooks = {
  codec?: 'h264' | 'h265'
  profile?: number
  nals?: (nals: Buffer[], index: number) => Buffer[]
  /** the bytes of a video sample */
  sample?: (data: Buffer, index: number) => Buffer
  flags?: (flags: number, index: number) => number
  duration?: (ticks: number, index: number) => number
  composition?: (offset: number, index: number) => number
  decodeTime?: (ticks: number, place: Place) => number
  dataOffset?: (offset: number, place: Place) => number
  audioFlags?: (flags: number) => number
  audioFrame?: Buffer
  utcMs?: (ms: number, fragment: number) => number
  /** a box's body; undefined drops the box. `fragment` and `track` are -1 where there is none */
  box?: (type: string, body: Buffer, place: Place) => Buffer | undefined
  /** top-level boxes, in order */
  order?: (boxes: { type: string; bytes: Buffer }[]) => { type: string; bytes: Buffer }[]
}

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255])
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes
}
const u64 = (value: number): Buffer =>
  Buffer.concat([u32(Math.floor(value / 2 ** 32)), u32(value % 2 ** 32)])
const zeros = (count: number): Buffer => Buffer.alloc(count)
const text = (value: string): Buffer => Buffer.from(value, 'latin1')
const full = (version: number, flags: number, ...parts: Buffer[]): Buffer =>
  Buffer.concat([u32(version * 2 ** 24 + flags), ...parts])
const MATRIX = Buffer.concat([0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x4000_0000].map(u32))

export const rawBox = (type: string, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([u32(body.length + 8), text(type), body])
}

const avcC = (profile: number): Buffer => {
  const sps = h264.sps(1, profile)
  const pps = h264.pps()
  const high = profile === 100 ? Buffer.from([0xfd, 0xf8, 0xf8, 0]) : zeros(0)
  return Buffer.concat([
    Buffer.from([1, sps[1]!, sps[2]!, sps[3]!, 0xff, 0xe1]),
    u16(sps.length),
    sps,
    Buffer.from([1]),
    u16(pps.length),
    pps,
    high,
  ])
}

const hvcC = (): Buffer => {
  const arrays = [
    [0xa0, h265.vps()],
    [0xa1, h265.sps()],
    [0xa2, h265.pps()],
  ] as const
  return Buffer.concat([
    Buffer.from([1, 0x01]),
    Buffer.from('60123456901122334455', 'hex'),
    Buffer.from([30, 0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f, 3]),
    ...arrays.flatMap(([head, nal]) => [Buffer.from([head]), u16(1), u16(nal.length), nal]),
  ])
}

const esds = (): Buffer => {
  // AAC LC, 16 kHz (index 8), mono. Spec: 14496-3 1.6.2.1
  const asc = new Bits().u(5, 2).u(4, 8).u(4, 1).u(3, 0).bytes()
  const info = Buffer.concat([Buffer.from([5, asc.length]), asc])
  const config = Buffer.concat([Buffer.from([4, 13 + info.length, 0x40, 0x15]), zeros(11), info])
  const sl = Buffer.from([6, 1, 2])
  const es = Buffer.concat([u16(AUDIO_ID), Buffer.from([0]), config, sl])
  return full(0, 0, Buffer.from([3, es.length]), es)
}

/** A fragmented file that breaks no rule, or just the one that a hook breaks. */
export const buildMp4 = (hooks: Mp4Hooks = {}): Buffer => {
  const { codec = 'h264', profile = 66 } = hooks
  let place: Place = { fragment: -1, track: -1 }
  const box = (type: string, ...parts: Buffer[]): Buffer => {
    const body = Buffer.concat(parts)
    const changed = hooks.box === undefined ? body : hooks.box(type, body, place)
    return changed === undefined ? zeros(0) : rawBox(type, changed)
  }

  const trak = (id: number): Buffer => {
    place = { fragment: -1, track: id }
    const video = id === VIDEO_ID
    const size = video ? u32(16 * 65536) : u32(0)
    const entry = video
      ? box(
          codec === 'h264' ? 'avc1' : 'hvc1',
          ...[
            zeros(6),
            u16(1),
            zeros(16),
            u16(16),
            u16(16),
            u32(0x48_0000),
            u32(0x48_0000),
            zeros(4),
            u16(1),
          ],
          ...[zeros(32), u16(0x18), u16(0xffff)],
          codec === 'h264' ? box('avcC', avcC(profile)) : box('hvcC', hvcC()),
        )
      : box(
          'mp4a',
          zeros(6),
          u16(1),
          zeros(8),
          u16(1),
          u16(16),
          zeros(4),
          u32(AUDIO_RATE * 65536),
          box('esds', esds()),
        )
    const trakBox = box(
      'trak',
      box(
        'tkhd',
        full(0, 3, zeros(8), u32(id), zeros(4), u32(0), zeros(8), zeros(8), MATRIX, size, size),
      ),
      box(
        'mdia',
        box(
          'mdhd',
          full(
            0,
            0,
            zeros(8),
            u32(video ? VIDEO_SCALE : AUDIO_RATE),
            u32(0),
            u16(0x55c4),
            zeros(2),
          ),
        ),
        box('hdlr', full(0, 0, zeros(4), text(video ? 'vide' : 'soun'), zeros(12), text('tiny\0'))),
        box(
          'minf',
          video ? box('vmhd', full(0, 1, zeros(8))) : box('smhd', full(0, 0, zeros(4))),
          box('dinf', box('dref', full(0, 0, u32(1), rawBox('url ', full(0, 1))))),
          box(
            'stbl',
            box('stsd', full(0, 0, u32(1), entry)),
            ...['stts', 'stsc', 'stco'].map((type) => box(type, full(0, 0, u32(0)))),
            box('stsz', full(0, 0, u32(0), u32(0))),
          ),
        ),
      ),
    )
    place = { fragment: -1, track: -1 }
    return trakBox
  }

  const trex = (id: number): Buffer =>
    box('trex', full(0, 0, u32(id), u32(1), u32(0), u32(0), u32(0)))
  const boxes: { type: string; bytes: Buffer }[] = []
  const top = (type: string, bytes: Buffer) => boxes.push({ type, bytes })
  top('ftyp', box('ftyp', text('iso6'), u32(0), text('iso6cmfc')))
  top(
    'moov',
    box(
      'moov',
      box(
        'mvhd',
        full(
          0,
          0,
          zeros(8),
          u32(1000),
          u32(0),
          u32(0x10000),
          u16(0x100),
          zeros(10),
          MATRIX,
          zeros(24),
          u32(3),
        ),
      ),
      trak(VIDEO_ID),
      trak(AUDIO_ID),
      box('mvex', trex(VIDEO_ID), trex(AUDIO_ID)),
    ),
  )

  const video = tinyVideo(codec, FRAMES, GOP, false).map((nals, index) => {
    const key = index % GOP === 0
    const own = hooks.nals?.(key ? nals.slice(-1) : nals, index) ?? (key ? nals.slice(-1) : nals)
    const data = Buffer.concat(own.flatMap((nal) => [u32(nal.length), nal]))
    return {
      data: hooks.sample?.(data, index) ?? data,
      flags: hooks.flags?.(key ? SYNC_FLAGS : P_FLAGS, index) ?? (key ? SYNC_FLAGS : P_FLAGS),
      duration: hooks.duration?.(VIDEO_SCALE / FPS, index) ?? VIDEO_SCALE / FPS,
      composition: hooks.composition?.(0, index) ?? 0,
    }
  })
  const audioFrame = hooks.audioFrame ?? Buffer.alloc(40, 0x21)
  let audioFrames = 0
  for (let fragment = 0; fragment < FRAMES / GOP; fragment++) {
    const samples = video.slice(fragment * GOP, (fragment + 1) * GOP)
    const endMs = ((fragment + 1) * GOP * 1000) / FPS
    const audioStart = audioFrames
    while ((audioFrames * 1024 * 1000) / AUDIO_RATE < endMs) audioFrames++
    const audioCount = audioFrames - audioStart
    const videoTime = fragment * GOP * (VIDEO_SCALE / FPS)
    const videoBytes = Buffer.concat(samples.map((sample) => sample.data))
    const build = (moofBytes: number): Buffer => {
      const offset = moofBytes + 8
      const traf = (
        track: number,
        ticks: number,
        base: number,
        trun: (offset: Buffer) => Buffer,
      ): Buffer => {
        place = { fragment, track }
        const time = hooks.decodeTime?.(ticks, place) ?? ticks
        const bytes = box(
          'traf',
          box('tfhd', full(0, 0x20000, u32(track))),
          box('tfdt', full(1, 0, u64(time))),
          box('trun', trun(u32(hooks.dataOffset?.(base, place) ?? base))),
        )
        place = { fragment, track: -1 }
        return bytes
      }
      place = { fragment, track: -1 }
      return box(
        'moof',
        box('mfhd', full(0, 0, u32(fragment + 1))),
        traf(VIDEO_ID, videoTime, offset, (dataOffset) =>
          full(
            1,
            0xf01,
            u32(samples.length),
            dataOffset,
            ...samples.flatMap((s) => [
              u32(s.duration),
              u32(s.data.length),
              u32(s.flags),
              u32(s.composition),
            ]),
          ),
        ),
        traf(AUDIO_ID, audioStart * 1024, offset + videoBytes.length, (dataOffset) =>
          full(
            0,
            0x701,
            u32(audioCount),
            dataOffset,
            ...Array.from({ length: audioCount }, () =>
              Buffer.concat([
                u32(1024),
                u32(audioFrame.length),
                u32(hooks.audioFlags?.(SYNC_FLAGS) ?? SYNC_FLAGS),
              ]),
            ),
          ),
        ),
      )
    }
    place = { fragment, track: -1 }
    const utcMs = 1.6e12 + (videoTime * 1000) / VIDEO_SCALE
    const utc = (hooks.utcMs?.(utcMs, fragment) ?? utcMs) / 1000
    const ntp = Buffer.concat([
      u32(Math.floor(utc) + NTP_TO_UNIX_S),
      u32(Math.floor((utc % 1) * 2 ** 32)),
    ])
    top('prft', box('prft', full(1, 0, u32(VIDEO_ID), ntp, u64(videoTime))))
    top('moof', build(build(0).length))
    top('mdat', box('mdat', videoBytes, ...Array.from({ length: audioCount }, () => audioFrame)))
  }
  return Buffer.concat((hooks.order?.(boxes) ?? boxes).map(({ bytes }) => bytes))
}
