import assert from 'node:assert/strict'
import { createCipheriv } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { findChange, type Mp4Result, writeMp4 } from '../../cloud/server/export/write-mp4.ts'
import type { Slice } from '../../cloud/server/store/index/types.ts'
import { checkMp4 } from '../../tools/check-mp4.ts'
import { MUX_DEFAULTS, muxFiles } from '../../tools/mux.ts'
import { sliceId } from '../cloud/support/device.ts'
import { type MadeSlice, makeSlices } from '../cloud/support/media.ts'
import {
  audioFrameMd5s,
  decodeComplaints,
  ffmpeg,
  ffprobe,
  videoFrameMd5s,
} from '../support/ffmpeg.ts'
import { ROOT } from '../support/paths.ts'
import { needTool } from '../support/tools.ts'

const T0 = Date.UTC(2026, 10, 24, 10)
const skip = needTool('ffmpeg')

let folder: string
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'skyrill-export-'))
})
after(() => rmSync(folder, { recursive: true, force: true }))

type Source = { slices: Slice[]; data: Map<string, Buffer> }
const sourceOf = (made: readonly MadeSlice[]): Source => ({
  slices: made.map(({ start, data, pieces }) => ({
    ...start,
    deviceId: 1,
    channel: 0,
    state: 'done',
    bytes: data.length,
    pieces,
  })),
  data: new Map(made.map(({ start, data }) => [start.id, data])),
})

const exportOf = async (
  { slices, data }: Source,
  startMs: number,
  endMs: number,
): Promise<{ path: string; bytes: Buffer; result: Mp4Result }> => {
  let file = Buffer.alloc(0)
  const result = await writeMp4({
    slices,
    range: { startMs, endMs },
    read: async (slice, start, end) => data.get(slice.id)!.subarray(start, end),
    write: async (bytes, position) => {
      if (position + bytes.length > file.length)
        file = Buffer.concat([file, Buffer.alloc(position + bytes.length - file.length)])
      file.set(bytes, position)
    },
    progress: (done, total) => assert.ok(done <= total),
  })
  const path = join(folder, 'export.mp4')
  writeFileSync(path, file)
  assert.equal(result.bytes, file.length)
  return { path, bytes: file, result }
}

/** Faults of the file; ffmpeg's own slices say two channels of mono sound in their sample entry, which is kept as it is. */
const faults = (bytes: Uint8Array) => checkMp4(bytes).filter(({ rule }) => rule !== 'esds.config')

const packets = (path: string, stream: 'v' | 'a') =>
  (
    ffprobe(path, '-show_packets', '-select_streams', stream).packets as {
      pts_time: string
      duration_time: string
    }[]
  ).map((packet) => ({ at: Number(packet.pts_time), for: Number(packet.duration_time) }))

const near = (actual: number, expected: number, within: number, what: string) =>
  assert.ok(Math.abs(actual - expected) <= within, `${what}: ${actual}, expected ${expected}`)

for (const format of ['ts', 'fmp4'] as const)
  describe(`slices in ${format}`, { skip }, () => {
    let made: MadeSlice[]
    before(() => {
      made = makeSlices(folder, { count: 3, seconds: 4, startUtcMs: T0, format })
    })

    test('a range over slices is one clean file: every picture and all sound, in sync', async () => {
      const { path, bytes, result } = await exportOf(sourceOf(made), T0, T0 + 12_000)
      assert.deepEqual(faults(bytes), [])
      assert.equal(decodeComplaints(path), '')
      const about = ffprobe(path)
      near(Number(about.format.duration), 12, 0.1, 'duration of the file')
      near(result.durationMs, 12_000, 5, 'duration told')
      assert.equal(result.cuts, 2)
      const video = packets(path, 'v')
      assert.equal(video.length, 300)
      assert.equal(video[0]!.at, 0)
      near(video.at(-1)!.at, 11.96, 0.001, 'last picture')
      for (const [at, packet] of video.entries())
        near(packet.at, at * 0.04, 0.0005, `picture ${at}`)
      const audio = packets(path, 'a')
      near(audio[0]!.at, 0, 0.2, 'first sound')
      near(audio.at(-1)!.at + audio.at(-1)!.for, 12, 0.2, 'last sound')
      const holes = audio.filter(
        (packet, at) => at > 0 && packet.at - audio[at - 1]!.at - audio[at - 1]!.for > 0.001,
      )
      assert.ok(holes.length <= 2, `sound has ${holes.length} holes`)
    })

    test('pictures are those of the slices, bit for bit, also when the range begins in the middle', async () => {
      const [first] = made
      const source = join(folder, `one.${format === 'ts' ? 'ts' : 'mp4'}`)
      writeFileSync(source, first!.data)
      const all = videoFrameMd5s(source)
      const whole = await exportOf(sourceOf([first!]), T0, T0 + 4000)
      assert.deepEqual(videoFrameMd5s(whole.path), all)
      const part = await exportOf(sourceOf([first!]), T0 + 1500, T0 + 2500)
      assert.deepEqual(videoFrameMd5s(part.path), all.slice(25, 75))
      assert.deepEqual(faults(part.bytes), [])
      near(part.result.durationMs, 2000, 5, 'whole GOPs')
      assert.ok(audioFrameMd5s(part.path).length >= 25)
    })

    test('a hole in time is cut out', async () => {
      const source = sourceOf([made[0]!, made[2]!])
      const { path, result } = await exportOf(source, T0, T0 + 12_000)
      assert.equal(packets(path, 'v').length, 200)
      assert.equal(result.cuts, 1)
      near(result.durationMs, 8000, 5, 'duration')
      assert.equal(decodeComplaints(path), '')
    })
  })

/** Slices as the core writes them: without a break, its own sample entries, sound that lags behind the pictures. */
const coreSlices = async (format: 'ts' | 'fmp4', extra: object = {}): Promise<MadeSlice[]> => {
  const out = mkdtempSync(join(folder, 'core-'))
  const demo = join(ROOT, 'tools', 'demo')
  const report = await muxFiles({
    ...MUX_DEFAULTS,
    format,
    out,
    videoPath: join(demo, 'clip.h264'),
    audioPath: join(demo, 'clip.aac'),
    utcMs: T0,
    ...extra,
  })
  return report.slices.map((slice, at) => {
    const data = readFileSync(join(out, slice.file))
    const { initBytes, startUtcMs, durationMs, frames } = slice
    return {
      data,
      start: {
        id: sliceId(at + 1),
        format,
        codecs: 'avc1.4d401f,mp4a.40.2',
        width: 1280,
        height: 720,
        startUtcMs: Math.round(startUtcMs),
        startPtsMs: slice.startPtsMs,
        startSeq: 0,
        discontinuity: slice.discontinuity,
        initBytes,
      },
      // one piece: it may hold several GOPs
      pieces: [
        {
          o: initBytes,
          b: data.length - initBytes,
          t: Math.round(startUtcMs),
          d: durationMs,
          n: frames,
          k: 1,
        },
      ],
    }
  })
}

for (const format of ['ts', 'fmp4'] as const)
  test(`slices of the core in ${format}: no cut between them, every picture and frame of sound as it was`, {
    skip,
  }, async () => {
    const made = await coreSlices(format)
    assert.ok(made.length >= 2)
    const { path, bytes, result } = await exportOf(sourceOf(made), T0, T0 + 20_480)
    // the pieces here are whole slices, so a fragment has several GOPs
    assert.deepEqual(
      faults(bytes).filter(({ rule }) => rule !== 'fragment.key-first'),
      [],
    )
    assert.equal(decodeComplaints(path), '')
    assert.equal(result.cuts, 0)
    near(result.durationMs, 20_480, 1, 'duration')
    const video = packets(path, 'v')
    assert.equal(video.length, 512)
    for (const [at, packet] of video.entries()) near(packet.at, at * 0.04, 0.0005, `picture ${at}`)
    const audio = packets(path, 'a')
    assert.ok(audio.length >= 318, `${audio.length} frames of sound`)
    for (const [at, packet] of audio.entries())
      near(packet.at - audio[0]!.at, at * 0.064, 0.0005, `sound ${at}`)
    near(audio[0]!.at, 0, 0.13, 'sound begins with the pictures')
    const original = videoFrameMd5s(join(ROOT, 'tools/demo/clip.h264'), ['-f', 'h264'])
    assert.deepEqual(videoFrameMd5s(path), original)
  })

/** The same slice as a device that encrypts would send it: each piece by itself, fMP4 cut into single fragments of a GOP. */
const encrypted = ({ start, data, pieces }: MadeSlice): MadeSlice => {
  const [key, iv] = ['00112233445566778899aabbccddeeff', 'ffffffffffffffffffffffffffffffff']
  const out = [data.subarray(0, start.initBytes)]
  let o = start.initBytes
  const sealed = pieces.map((piece, at) => {
    const number = ((BigInt(`0x${iv}`) + BigInt(at)) % 2n ** 128n).toString(16).padStart(32, '0')
    const cipher = createCipheriv(
      'aes-128-cbc',
      Buffer.from(key, 'hex'),
      Buffer.from(number, 'hex'),
    )
    const plain = data.subarray(piece.o, piece.o + piece.b)
    const bytes = Buffer.concat([cipher.update(plain), cipher.final()])
    out.push(bytes)
    const moved = { ...piece, o, b: bytes.length }
    o += bytes.length
    return moved
  })
  const encryption = { method: 'AES-128' as const, iv, key }
  return { start: { ...start, encryption }, data: Buffer.concat(out), pieces: sealed }
}

test('what is encrypted with a key that the cloud has is the same file', { skip }, async () => {
  for (const format of ['ts', 'fmp4'] as const) {
    const made = makeSlices(folder, { count: 2, seconds: 2, startUtcMs: T0, format })
    const clear = await exportOf(sourceOf(made), T0, T0 + 4000)
    const sealed = await exportOf(sourceOf(made.map(encrypted)), T0, T0 + 4000)
    assert.ok(clear.bytes.equals(sealed.bytes), format)
  }
})

test('nothing in the range is a fault; a change is found with its time', { skip }, async () => {
  const made = makeSlices(folder, { count: 2, seconds: 2, startUtcMs: T0 })
  const source = sourceOf(made)
  await assert.rejects(exportOf(source, T0 + 60_000, T0 + 61_000), /nothing was recorded/)
  assert.equal(findChange(source.slices), undefined)
  const [first, second] = source.slices
  assert.deepEqual(findChange([first!, { ...second!, width: 1920 }]), {
    atMs: T0 + 2000,
    what: 'from 640x360 to 1920x360',
  })
  assert.match(findChange([first!, { ...second!, codecs: 'hvc1.1.6.L93.B0' }])!.what, /hvc1/)
  assert.match(findChange([first!, { ...second!, format: 'fmp4' }])!.what, /fmp4/)
})

test('H.265 in TS gets its configuration record', { skip }, async () => {
  const path = join(folder, 'h265.ts')
  ffmpeg(
    ...['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25:duration=2'],
    ...['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none:bframes=2'],
    ...['-g', '25', '-pix_fmt', 'yuv420p', '-f', 'mpegts', '-y', path],
  )
  const data = readFileSync(path)
  const [template] = makeSlices(folder, { count: 1, seconds: 1, startUtcMs: T0 })
  const made: MadeSlice = {
    data,
    start: { ...template!.start, codecs: 'hvc1.1.6.L93.B0', width: 320, height: 180 },
    pieces: [{ o: 0, b: data.length, t: T0, d: 2000, n: 50, k: 1 }],
  }
  const exported = await exportOf(sourceOf([made]), T0, T0 + 2000)
  assert.deepEqual(videoFrameMd5s(exported.path), videoFrameMd5s(path))
  assert.equal(ffprobe(exported.path).streams[0].codec_tag_string, 'hvc1')
  assert.equal(decodeComplaints(exported.path), '')
})
