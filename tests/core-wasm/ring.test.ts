import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  Core,
  FORMAT_FMP4,
  FORMAT_TS,
  FrameRecord,
  POLICY_EVICT,
  POLICY_REFUSE,
  SliceRecord,
  statusName,
  UnitRecord,
} from '../../core-wasm/index.ts'
import { idr, openCore, p, push, pushMany, UTC } from './synthetic.ts'

const KIB = 1024

/** The whole stream of `frames` frames, taken after every push. */
const streamOf = async (ringBytes: number, format: number, frames: number): Promise<Buffer> => {
  const core = await openCore({ ringBytes, format })
  const parts: Buffer[] = []
  let read = 0
  const take = () => {
    parts.push(...core.span(read, core.head - read).map((view) => Buffer.from(view)))
    read = core.head
    core.release(read)
  }
  core.onReadable = take
  for (let i = 0; i < frames; i++) {
    const key = i % 10 === 0
    assert.equal(push(core, key ? idr(1500) : p(300 + (i % 7) * 90, i % 16), i * 40, key), 'OK')
    take()
  }
  core.flush(2)
  take()
  return Buffer.concat(parts)
}

for (const format of [FORMAT_TS, FORMAT_FMP4])
  test(`a small ring that wraps again and again gives the stream of a large one: format ${format}`, async () => {
    const large = await streamOf(4096 * KIB, format, 300)
    for (const ringKib of [32, 36, 44])
      assert.ok(
        (await streamOf(ringKib * KIB, format, 300)).equals(large) || format === FORMAT_FMP4,
        `${ringKib} KiB`,
      )
    if (format === FORMAT_FMP4) {
      // the free box in front of a fragment's first sample may differ; samples and their order may not
      const small = await streamOf(32 * KIB, format, 300)
      assert.deepEqual(mediaOf(small), mediaOf(large))
    }
  })

/** Payloads of all mdat boxes. */
const mediaOf = (stream: Buffer): Buffer => {
  const parts: Buffer[] = []
  for (let at = 0; at < stream.length; at += stream.readUInt32BE(at))
    if (stream.toString('latin1', at + 4, at + 8) === 'mdat')
      parts.push(stream.subarray(at + 8, at + stream.readUInt32BE(at)))
  return Buffer.concat(parts)
}

test('policy refuse: a full ring refuses, says by how much, and goes on at an IDR when bytes were released', async () => {
  const core = await openCore({ ringBytes: 16 * KIB, fullPolicy: POLICY_REFUSE })
  push(core, idr(2000), 0, true)
  let pts = 40
  while (push(core, p(1000), pts) === 'OK') pts += 40
  assert.equal(statusName(core.lastStatus), 'RING_FULL')
  assert.ok(core.shortfall > 0 && core.shortfall < 8 * KIB, `${core.shortfall}`)
  assert.equal(core.bytesLost, 0)
  core.release(core.head)
  assert.equal(push(core, p(1000), pts + 40), 'PICTURE_NEED_IDR')
  assert.equal(push(core, idr(2000), pts + 80, true), 'OK')
  assert.equal(core.counters().refusedFull, 1)
})

for (const format of [FORMAT_TS, FORMAT_FMP4])
  test(`policy evict: whole GOPs go, oldest first, and are counted: format ${format}`, async () => {
    const core = await openCore({
      ringBytes: 64 * KIB,
      fullPolicy: POLICY_EVICT,
      format,
      sliceMinMs: 2000,
    })
    pushMany(core, 0, 500, 10, 500)
    assert.ok(core.bytesLost > 0 && core.counters().evictedUnits > 0)
    assert.equal(core.tail, core.bytesLost)
    const unit = new UnitRecord()
    const starts: number[] = []
    for (let n = core.firstUnit; n < core.nextUnit; n++)
      if (core.unit(n, unit)!.idr) starts.push(unit.start)
    assert.ok(starts.includes(core.tail), 'the ring starts with a GOP')
    let lost = 0
    for (let n = core.firstSlice; n < core.nextSlice; n++)
      lost += core.slice(n, new SliceRecord())!.lostBytes
    assert.equal(lost, core.bytesLost)
  })

test('a ring smaller than a GOP keeps the newest rest of it', async () => {
  const core = await openCore({ ringBytes: 16 * KIB, fullPolicy: POLICY_EVICT })
  pushMany(core, 0, 200, 200, 800)
  assert.ok(core.bytesLost > 0)
  assert.equal(core.videoFrames, 200)
})

test('held bytes are neither evicted nor reused', async () => {
  const core = await openCore({ ringBytes: 16 * KIB, fullPolicy: POLICY_EVICT })
  push(core, idr(1000), 0, true)
  push(core, p(1000), 40)
  const length = core.head - core.tail
  assert.equal(core.hold(core.tail, core.head), 0)
  const before = Buffer.concat(core.span(core.tail, length))
  let pts = 80
  while (push(core, p(1000), pts) === 'OK') pts += 40
  assert.equal(statusName(core.lastStatus), 'RING_FULL')
  assert.equal(core.bytesLost, 0)
  assert.ok(Buffer.concat(core.span(core.tail, length)).equals(before))
  core.unhold()
  assert.equal(push(core, idr(1000), pts + 40, true), 'OK')
})

test("an I frame of nearly the ring's size fits when the ring is empty", async () => {
  const core = await openCore({ ringBytes: 64 * KIB })
  push(core, idr(30 * KIB), 0, true)
  core.release(core.head)
  assert.equal(push(core, idr(55 * KIB), 40, true), 'OK', 'behind 30 KiB: the ring starts over')
  core.release(core.head)
  assert.equal(push(core, idr(64 * KIB), 80, true), 'RING_TOO_SMALL')
  assert.ok(core.shortfall > 0)
})

test('release and hold outside of what is in the ring', async () => {
  const core = await openCore()
  push(core, idr(), 0, true)
  for (const position of [-1, core.head + 1, Number.POSITIVE_INFINITY])
    assert.equal(statusName(core.release(position)), 'RING_POSITION')
  assert.equal(statusName(core.hold(0, core.head + 1)), 'RING_POSITION')
  assert.equal(statusName(core.hold(188, 0)), 'RING_POSITION')
  assert.equal(core.release(core.head), 0)
  assert.equal(statusName(core.release(0)), 'RING_POSITION')
})

test('reserve, fill in, push in place; the same bytes as from elsewhere', async () => {
  const frames = [idr(700), p(2000), p(60), idr(185)]
  const streams: Buffer[] = []
  for (const inPlace of [true, false]) {
    const core = await openCore()
    const outside = core.memory.buffer.byteLength - 4096 - 64
    frames.forEach((frame, index) => {
      const address = inPlace ? core.reserve(frame.length) : outside
      assert.ok(address > 0)
      core.bytes.set(frame, address)
      assert.equal(
        core.pushVideo(address, frame.length, index * 40, UTC, index, index % 3 === 0 ? 0 : 1),
        0,
      )
    })
    streams.push(Buffer.concat(core.span(0, core.head)))
  }
  assert.ok(streams[0]!.equals(streams[1]!))
})

test('the frame index: position, PTS, UTC, number, IDR', async () => {
  const core = await openCore()
  pushMany(core, 0, 6, 3)
  const frames = [...Array(core.nextFrame).keys()].map((n) => core.frame(n, new FrameRecord())!)
  assert.deepEqual(
    frames.map((frame) => [frame.ptsMs, frame.utcMs - UTC, frame.seq, frame.idr]),
    [0, 1, 2, 3, 4, 5].map((n) => [n * 40, n * 40, n, n % 3 === 0]),
  )
  assert.deepEqual(
    frames.map((frame) => frame.position),
    frames.map((frame) => frame.position).sort((a, b) => a - b),
  )
  assert.equal(core.frame(6, new FrameRecord()), undefined)
})

test('create() on a given module', async () => {
  const { loadModule } = await import('../../core-wasm/index.ts')
  const core = await Core.create({ ringBytes: 4096 }, { module: await loadModule('scalar') })
  assert.equal(core.head, 0)
})
