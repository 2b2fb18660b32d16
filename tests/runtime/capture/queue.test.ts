import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  CAPTURE_AUDIO,
  CAPTURE_CLOSED,
  CAPTURE_FULL,
  CAPTURE_LENGTH,
  CAPTURE_NEED_IDR,
  CAPTURE_OK,
  CAPTURE_VIDEO,
  type CaptureKind,
  type CaptureQueue,
  CaptureWriter,
  captureCounters,
} from '../../../runtime/capture/index.ts'
import {
  HEADER_BYTES,
  RECORD_BYTES,
  RECORD_KIND,
  RECORD_LENGTH,
  RECORD_PTS_MS,
  recordBytes,
  WRITTEN,
} from '../../../runtime/capture/layout.ts'
import { QueuedFrame } from '../../../runtime/capture/queued-frame.ts'
import { CaptureReader } from '../../../runtime/capture/reader.ts'
import { random } from '../../support/random.ts'

const I = 0
const P = 1
const SEED = Number(process.env.SEED ?? 20261124)

/** A queue of `data` bytes of records, not at the start of its memory. */
class Bench {
  readonly queue: CaptureQueue
  readonly writer: CaptureWriter
  readonly reader: CaptureReader
  readonly frame: QueuedFrame

  constructor(data = 1024) {
    const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true })
    this.queue = { memory, offset: 65_536, bytes: HEADER_BYTES + data }
    this.writer = new CaptureWriter(this.queue)
    this.reader = new CaptureReader(this.queue)
    this.frame = new QueuedFrame(new Uint8Array(memory.buffer))
  }

  /** What the reader finds next, copied. */
  take() {
    if (!this.reader.next(this.frame)) return undefined
    const { address, u32Len, u64PTS, u32Seq, eFrameType, kind, pu8Addr } = this.frame
    const data = Array.from(pu8Addr.subarray(address, address + u32Len))
    this.reader.taken()
    return { data, ptsMs: u64PTS, seq: u32Seq, type: eFrameType, kind }
  }

  takeAll() {
    const frames = []
    for (let frame = this.take(); frame; frame = this.take()) frames.push(frame)
    return frames
  }

  write(bytes: number, seq = 0, type = I, kind: CaptureKind = CAPTURE_VIDEO): number {
    return this.writer.write(new Uint8Array(bytes).fill(seq), kind, seq * 40, seq, type)
  }
}

describe('capture queue', () => {
  test('what is written is read, with all that belongs to it', () => {
    const bench = new Bench()
    const { writer } = bench
    assert.equal(bench.take(), undefined)
    assert.equal(writer.write(Uint8Array.of(1, 2, 3), CAPTURE_VIDEO, 40.5, 7, P), CAPTURE_OK)
    assert.equal(
      writer.write(Uint8Array.of(4), CAPTURE_AUDIO, 2 ** 50 + 1, 4_294_967_295),
      CAPTURE_OK,
    )
    assert.deepEqual(bench.takeAll(), [
      { data: [1, 2, 3], ptsMs: 40.5, seq: 7, type: P, kind: CAPTURE_VIDEO },
      { data: [4], ptsMs: 2 ** 50 + 1, seq: 4_294_967_295, type: I, kind: CAPTURE_AUDIO },
    ])
    assert.deepEqual(captureCounters(bench.queue), { taken: 2, dropped: 0, corrupt: 0, skipped: 0 })
  })

  test(`wrap-around: random sizes in random turns come out as they went in (SEED=${SEED})`, () => {
    const next = random(SEED)
    for (const data of [256, 264, 1000, 4096]) {
      const bench = new Bench(data)
      const expected: number[][] = []
      let refused = 0
      for (let seq = 0; seq < 20_000; seq++) {
        if (next() < 0.55) {
          const bytes = 1 + Math.floor(next() ** 3 * bench.writer.frameBytesMax)
          const status = bench.write(bytes, seq & 255)
          if (status === CAPTURE_OK) expected.push([bytes, seq & 255])
          else {
            assert.equal(status, CAPTURE_FULL)
            assert.ok(expected.length > 0, 'a frame that may be written fits an empty queue')
            refused++
          }
        } else {
          const frame = bench.take()
          const [bytes, value] = expected.shift() ?? []
          assert.equal(frame?.data.length, bytes)
          assert.ok(frame?.data.every((byte) => byte === value) ?? true)
        }
      }
      assert.ok(refused > 100, 'it was full now and then')
      assert.equal(captureCounters(bench.queue).dropped, refused)
      assert.equal(captureCounters(bench.queue).corrupt, 0)
    }
  })

  test('overflow: the frame is dropped and counted, and so are the pictures up to the next I frame', () => {
    const bench = new Bench(1024)
    assert.equal(bench.write(400, 1), CAPTURE_OK)
    assert.equal(bench.write(400, 2, P), CAPTURE_OK)
    assert.equal(bench.write(400, 3, P), CAPTURE_FULL)
    assert.equal(bench.write(8, 4, P), CAPTURE_NEED_IDR, 'there is room, but its reference is gone')
    assert.equal(bench.write(8, 5, I, CAPTURE_AUDIO), CAPTURE_OK, 'sound needs no picture')
    assert.deepEqual(
      bench.takeAll().map(({ seq }) => seq),
      [1, 2, 5],
    )
    assert.equal(bench.write(8, 6, P), CAPTURE_NEED_IDR)
    // another Worker in the place of the first knows of it
    const other = new CaptureWriter(bench.queue)
    assert.equal(other.write(Uint8Array.of(7), CAPTURE_VIDEO, 280, 7, P), CAPTURE_NEED_IDR)
    assert.equal(other.write(Uint8Array.of(8), CAPTURE_VIDEO, 320, 8, I), CAPTURE_OK)
    assert.equal(other.write(Uint8Array.of(9), CAPTURE_VIDEO, 360, 9, P), CAPTURE_OK)
    assert.deepEqual(
      bench.takeAll().map(({ seq }) => seq),
      [8, 9],
    )
    assert.equal(captureCounters(bench.queue).dropped, 4)
  })

  test('sound that is dropped asks for no I frame', () => {
    const bench = new Bench(1024)
    bench.write(400, 1)
    bench.write(400, 2, P)
    assert.equal(bench.write(400, 3, I, CAPTURE_AUDIO), CAPTURE_FULL)
    bench.takeAll()
    assert.equal(bench.write(8, 4, P), CAPTURE_OK)
  })

  test('lengths: none, too large, shortened at the commit', () => {
    const bench = new Bench(1024)
    const { writer } = bench
    assert.equal(bench.write(0), CAPTURE_LENGTH)
    assert.equal(bench.write(writer.frameBytesMax + 1), CAPTURE_LENGTH)
    assert.equal(writer.reserve(Number.NaN, CAPTURE_VIDEO), CAPTURE_LENGTH)
    assert.equal(writer.commit(0, 0), CAPTURE_LENGTH, 'nothing is reserved')
    const address = writer.reserve(100, CAPTURE_VIDEO)
    assert.equal(bench.take(), undefined, 'a reservation is not seen')
    writer.bytes.fill(9, address, address + 100)
    assert.equal(writer.commit(0, 1, 2), CAPTURE_OK)
    assert.equal(writer.commit(0, 1), CAPTURE_LENGTH, 'it is handed over once')
    assert.equal(bench.write(3, 5), CAPTURE_OK)
    assert.deepEqual(
      bench.takeAll().map(({ data }) => data),
      [
        [9, 9],
        [5, 5, 5],
      ],
    )
  })

  test('when the channel is closed the writer is told', () => {
    const bench = new Bench()
    bench.reader.close()
    assert.equal(bench.write(1), CAPTURE_CLOSED)
    assert.equal(bench.writer.waitForRoom(1, 1000), false)
    assert.equal(captureCounters(bench.queue).dropped, 0)
  })

  test('waiting for room ends with its time, and at once for what can never fit', () => {
    const bench = new Bench(1024)
    assert.equal(bench.writer.waitForRoom(400, 0), true)
    bench.write(400)
    bench.write(400)
    const startMs = performance.now()
    assert.equal(bench.writer.waitForRoom(400, 30), false)
    assert.ok(performance.now() - startMs >= 25)
    assert.equal(bench.writer.waitForRoom(100_000, 60_000), false)
  })

  // ── what a broken writer can leave behind ───────────────────────────────────────────────────────

  /** Records of 8 bytes each; the second one is spoilt. */
  const SECOND = HEADER_BYTES + recordBytes(8)
  type Spoil = (view: DataView, at: number, words: Int32Array) => void
  const CORRUPTIONS: readonly [name: string, spoil: Spoil][] = [
    ['no length', (view, at) => view.setInt32(at + RECORD_LENGTH, 0, true)],
    ['a negative length', (view, at) => view.setInt32(at + RECORD_LENGTH, -2, true)],
    ['a skip where none can be', (view, at) => view.setInt32(at + RECORD_LENGTH, -1, true)],
    ['a length beyond what is written', (view, at) => view.setInt32(at + RECORD_LENGTH, 80, true)],
    ['a length beyond memory', (view, at) => view.setInt32(at + RECORD_LENGTH, 0x7fff_ffff, true)],
    ['another kind', (view, at) => view.setInt32(at + RECORD_KIND, 2, true)],
    ['no time', (view, at) => view.setFloat64(at + RECORD_PTS_MS, Number.NaN, true)],
    ['a negative time', (view, at) => view.setFloat64(at + RECORD_PTS_MS, -1, true)],
    ['an infinite time', (view, at) => view.setFloat64(at + RECORD_PTS_MS, Infinity, true)],
    ['an end within its head', (_view, _at, words) => Atomics.sub(words, WRITTEN, 40)],
  ]
  for (const [name, spoil] of CORRUPTIONS)
    test(`a corrupt record is passed over, counted, and nothing follows before an I frame: ${name}`, () => {
      const bench = new Bench(1024)
      for (let seq = 1; seq <= 3; seq++) bench.write(8, seq, seq === 1 ? I : P)
      const view = new DataView(bench.queue.memory.buffer)
      spoil(view, bench.queue.offset + SECOND, bench.reader.words)
      assert.deepEqual(
        bench.takeAll().map(({ seq }) => seq),
        [1],
      )
      assert.deepEqual(captureCounters(bench.queue), {
        taken: 1,
        dropped: 0,
        corrupt: 1,
        skipped: 0,
      })
      bench.write(8, 4, P)
      bench.write(8, 5, I, CAPTURE_AUDIO)
      bench.write(8, 6, I)
      bench.write(8, 7, P)
      assert.deepEqual(
        bench.takeAll().map(({ seq }) => seq),
        [5, 6, 7],
      )
      assert.equal(captureCounters(bench.queue).skipped, 1)
    })

  for (const written of [-8, 4, 1024, 0x7fff_fff8])
    test(`an end that cannot be is put back: ${written}`, () => {
      const bench = new Bench(1024)
      bench.write(8, 1)
      bench.takeAll()
      Atomics.store(bench.reader.words, WRITTEN, written)
      assert.equal(bench.take(), undefined)
      assert.equal(captureCounters(bench.queue).corrupt, 1)
      assert.equal(bench.write(8, 2), CAPTURE_OK)
      assert.deepEqual(
        bench.takeAll().map(({ seq }) => seq),
        [2],
      )
    })

  test(`a queue full of noise never leads outside of it (SEED=${SEED})`, () => {
    const next = random(SEED)
    const { queue, frame } = new Bench(1024)
    const view = new DataView(queue.memory.buffer)
    const from = queue.offset + HEADER_BYTES
    for (let turn = 0; turn < 5000; turn++) {
      const reader = new CaptureReader(queue)
      for (let at = 0; at < 1024; at += 4)
        view.setInt32(from + at, next() < 0.5 ? next() * 64 - 2 : next() * 2 ** 32, true)
      Atomics.store(reader.words, WRITTEN, Math.floor(next() * 128) * 8)
      for (let count = 0; reader.next(frame); count++) {
        const { address, u32Len } = frame
        assert.ok(address >= from + RECORD_BYTES && address + u32Len <= from + 1024)
        assert.ok(count < 1024 / RECORD_BYTES, 'it ends')
        reader.taken()
      }
    }
  })
})
