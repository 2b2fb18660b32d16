import assert from 'node:assert/strict'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { Capture } from '../../../runtime/capture/capture.ts'
import {
  CAPTURE_CLOSED,
  CAPTURE_FULL,
  CAPTURE_NEED_IDR,
  CAPTURE_OK,
  CaptureWriter,
  captureCounters,
} from '../../../runtime/capture/index.ts'
import { RECORD_BYTES, recordBytes, WRITTEN } from '../../../runtime/capture/layout.ts'
import { Channel } from '../../../runtime/channel/channel.ts'
import { type ChannelCore, openCore } from '../../../runtime/channel/core-store.ts'
import {
  type iv_cs_channel_params_s,
  iv_cs_format_e,
  iv_err_code_e,
} from '../../../runtime/index.ts'
import { checkInit } from '../../../runtime/options.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FakeCloud } from '../../support/fake-cloud.ts'
import { type Frame, framesOf } from '../../support/frames.ts'
import { muxedTs } from '../../support/muxed.ts'
import { withTempFolder } from '../../support/paths.ts'
import { initParams, quiet, TestCamera } from '../../support/test-camera.ts'
import type { CameraTask } from './camera-worker.ts'

const demo = (name: string): string =>
  fileURLToPath(new URL(`../../../tools/demo/${name}`, import.meta.url))
const KIB = 1024
const MIB = 1024 * KIB
const IDENTITY = { productId: 'TEST', deviceName: 'camera', deviceSecret: 'secret' }

/** Starts a Worker; resolves when it has said what became of its frames. */
const startCamera = async (
  task: CameraTask,
): Promise<{ worker: Worker; statuses: Record<number, number>; ended: Promise<unknown> }> => {
  const worker = new Worker(new URL('./camera-worker.mjs', import.meta.url), { workerData: task })
  // Node may tell of the last message and of the end in one go: who listens only after the message misses the end
  const ended = once(worker, 'exit')
  const statuses = await new Promise<Record<number, number>>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  return { worker, statuses, ended }
}

const until = async (holds: () => boolean): Promise<void> => {
  const endMs = performance.now() + 20_000
  while (!holds()) {
    assert.ok(performance.now() < endMs, 'it does not come to that')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** A channel whose whole recording stays in its ring, fed by calls or by a queue. */
class Bench {
  readonly channel: Channel
  readonly core: ChannelCore
  capture: Capture | undefined
  corrupt = 0
  onFrame: (ptsMs: number) => void = () => {}

  private constructor(channel: Channel, core: ChannelCore) {
    this.channel = channel
    this.core = core
    channel.plan(true)
    const queue = core.captureQueue
    if (!queue) return
    this.capture = new Capture({
      queue,
      push: (kind, frame) => {
        this.onFrame(frame.u64PTS)
        return channel.push(kind, frame)
      },
      onCorrupt: () => this.corrupt++,
    })
  }

  static async open(given: Partial<iv_cs_channel_params_s> = {}): Promise<Bench> {
    const checked = checkInit(initParams({ u32MaxGopSize: 4 * MIB, ...given }))
    if (!('value' in checked)) throw new Error(checked.faults[0]!.message)
    const { channels, callbacks } = checked.value
    const core = await openCore(channels[0]!)
    if ('message' in core) throw new Error(core.message)
    return new Bench(
      new Channel(channels[0]!, { clock: new FakeClock(), log: quiet, core, callbacks }),
      core,
    )
  }

  push({ kind, data, ptsMs, seq, key }: Frame): number {
    return this.channel.push(kind === 'video' ? 1 : 0, {
      pu8Addr: data,
      u64PTS: ptsMs,
      u32Seq: seq,
      eFrameType: key ? 0 : 1,
    })
  }

  /** All that was recorded, init segment first. */
  get recorded(): Buffer {
    const { channel, core } = this
    channel.finish()
    return Buffer.concat([core.initSegment(0), ...core.span(0, core.head)])
  }
}

describe('multi-threaded capture', { timeout: 110_000 }, () => {
  let frames: Frame[]
  before(async () => {
    frames = await framesOf(demo('clip.h264'), 'h264', { audioPath: demo('clip.aac') })
  })

  const pushed = async (given: Partial<iv_cs_channel_params_s>, which = frames) => {
    const bench = await Bench.open(given)
    for (const frame of which) assert.equal(bench.push(frame), 0)
    return bench.recorded
  }

  for (const [format, cs_fmt] of [
    ['TS', iv_cs_format_e.IV_CS_FORMAT_TS],
    ['fMP4', iv_cs_format_e.IV_CS_FORMAT_FMP4],
  ] as const)
    test(`${format}: a Worker's frames give the bytes that pushCsStream gives, many times around the queue`, async () => {
      const bench = await Bench.open({ cs_fmt, capture_queue_bytes: 192 * KIB })
      const queue = bench.core.captureQueue!
      assert.ok(queue.memory.buffer instanceof SharedArrayBuffer)
      const { worker, statuses } = await startCamera({ queue, frames, how: 'play' })
      assert.deepEqual(statuses, { [CAPTURE_OK]: frames.length })
      await until(() => captureCounters(queue).taken === frames.length)
      bench.capture!.close()
      const { recorded } = bench
      assert.ok(recorded.length > 4 * queue.bytes, 'around the queue')
      assert.ok(recorded.equals(await pushed({ cs_fmt })))
      assert.equal(bench.channel.refused, 0)
      await worker.terminate()
    })

  test('the queue lies behind the memory of the core, and is as large as was asked for', async () => {
    const without = await Bench.open()
    const bench = await Bench.open({ capture_queue_bytes: 128 * KIB })
    const { offset, bytes, memory } = bench.core.captureQueue!
    assert.equal(without.core.captureQueue, undefined)
    assert.equal(offset, without.core.memoryBytes)
    assert.equal(bytes, 128 * KIB)
    assert.equal(memory.buffer.byteLength, offset + bytes)
    bench.capture!.close()
  })

  test('sizes: whole pages, at most 32 MiB, no more than the engine gives', async () => {
    for (const capture_queue_bytes of [1, 65_537, -65_536, 33 * MIB, Number.NaN])
      assert.ok(
        'faults' in checkInit(initParams({ capture_queue_bytes })),
        `${capture_queue_bytes}`,
      )
    const checked = checkInit(
      initParams({ u32MaxGopSize: 48 * MIB, capture_queue_bytes: 32 * MIB }),
    )
    assert.ok('value' in checked)
    const core = await openCore(checked.value.channels[0]!)
    assert.ok('code' in core, 'together more than the 64 MiB that the build may have')
    assert.equal(core.code, iv_err_code_e.IV_ERR_CS_PRM_MALLOC_FAIL)
  })

  test('a writer that floods loses whole frames, counted; what arrives decodes from an I frame on', async () => {
    const bench = await Bench.open({ capture_queue_bytes: 128 * KIB })
    const queue = bench.core.captureQueue!
    const { worker, statuses } = await startCamera({ queue, frames, how: 'flood' })
    const dropped = (statuses[CAPTURE_FULL] ?? 0) + (statuses[CAPTURE_NEED_IDR] ?? 0)
    assert.equal((statuses[CAPTURE_OK] ?? 0) + dropped, frames.length)
    await until(() => captureCounters(queue).taken === statuses[CAPTURE_OK])
    assert.equal(captureCounters(queue).dropped, dropped)
    assert.equal(captureCounters(queue).corrupt, 0)
    // small sound frames fit where pictures do not: what lies far from the last picture is refused, what lies before the next one left out
    const { videoFrames, audioFrames, audioEarly, refusedTime } = bench.core.counters()
    assert.equal(videoFrames + audioFrames + audioEarly + refusedTime, statuses[CAPTURE_OK])
    assert.equal(bench.channel.refused, refusedTime)
    bench.capture!.close()
    await worker.terminate()
  })

  test('a Worker that is terminated in the middle of a frame leaves nothing of it; another goes on', async () => {
    const bench = await Bench.open({ capture_queue_bytes: 192 * KIB })
    const queue = bench.core.captureQueue!
    const half = frames.length >> 1
    const first = await startCamera({ queue, frames: frames.slice(0, half), how: 'die' })
    await first.worker.terminate()
    const second = await startCamera({ queue, frames: frames.slice(half), how: 'play' })
    await until(() => captureCounters(queue).taken === frames.length)
    bench.capture!.close()
    assert.ok(bench.recorded.equals(await pushed({})))
    assert.equal(captureCounters(queue).corrupt, 0)
    await second.worker.terminate()
  })

  test('a corrupt record is told of; the recording goes on with the next I frame', async () => {
    const bench = await Bench.open({ capture_queue_bytes: 1 * MIB })
    const queue = bench.core.captureQueue!
    const words = new Int32Array(queue.memory.buffer, queue.offset)
    const writer = new CaptureWriter(queue)
    const video = frames.filter(({ kind }) => kind === 'video')
    const again = video.findIndex(({ key }, at) => key && at > 10)
    const write = ({ data, ptsMs, seq, key }: Frame) =>
      assert.equal(writer.write(data, 1, ptsMs, seq, key ? 0 : 1), CAPTURE_OK)
    for (const frame of video.slice(0, 10)) write(frame)
    await until(() => captureCounters(queue).taken === 10)
    // the head of the next record says more than there is
    const at = Atomics.load(words, WRITTEN)
    write(video[10]!)
    new DataView(queue.memory.buffer).setInt32(
      queue.offset + 192 + at,
      recordBytes(video[10]!.data.length) + RECORD_BYTES,
      true,
    )
    await until(() => bench.corrupt === 1)
    for (const frame of video.slice(11)) write(frame)
    await until(() => captureCounters(queue).taken === 10 + video.length - again)
    assert.equal(captureCounters(queue).skipped, again - 11)
    bench.capture!.close()
    const kept = [...video.slice(0, 10), ...video.slice(again)]
    assert.ok(bench.recorded.equals(await pushed({}, kept)))
  })

  test('the channel is woken by the writer', async (t) => {
    const bench = await Bench.open({ capture_queue_bytes: 192 * KIB })
    const queue = bench.core.captureQueue!
    const lagsMs: number[] = []
    bench.onFrame = (ptsMs) => lagsMs.push(performance.timeOrigin + performance.now() - ptsMs)
    const sound = frames.filter(({ kind }) => kind === 'audio').slice(0, 100)
    const { worker } = await startCamera({ queue, frames: sound, how: 'beat' })
    await until(() => lagsMs.length === sound.length)
    lagsMs.sort((a, b) => a - b)
    const [median, p95, most] = [50, 95, 99].map((at) => lagsMs[at]!.toFixed(2))
    const line = `from write to push: median ${median} ms, 95 % ${p95} ms, most ${most} ms`
    if (t.diagnostic) t.diagnostic(line)
    else console.log(line)
    // 10 ms apart: were each found only when the next one is written, all would be later than this
    assert.ok(lagsMs[50]! < 10, line)
    bench.capture!.close()
    await worker.terminate()
  })

  test('through the whole module: the cloud gets what pushCsStream would have sent', async () => {
    const cloud = await new FakeCloud().start()
    const camera = new TestCamera()
    await camera.open(
      { ...IDENTITY, cloudUrl: cloud.mqttUrl },
      { capture_queue_bytes: 256 * KIB, u32MaxGopSize: 4 * MIB },
    )
    await camera.started
    const queue = camera.storage.captureQueue(0)!
    const { ended } = await startCamera({ queue, frames, how: 'play' })
    // what is in the queue is taken before the last slice is closed
    await camera.storage.exitCs()
    assert.equal(camera.storage.captureQueue(0), undefined)
    assert.equal(new CaptureWriter(queue).write(Uint8Array.of(1), 0, 0, 0), CAPTURE_CLOSED)
    await camera.close()
    const bytes = Buffer.concat([...cloud.slices.values()].map((slice) => slice.bytes))
    assert.ok(bytes.equals(await muxedTs(frames)))
    assert.ok([...cloud.slices.values()].every((slice) => slice.length === slice.bytes.length))
    await ended
    await cloud.stop()
  })

  test('what is dumped is a view of shared memory that can be written to a file', async () => {
    const cloud = await new FakeCloud().start()
    const camera = new TestCamera()
    await withTempFolder(async (folder) => {
      const file = openSync(join(folder, 'dump.ts'), 'w')
      let shared = 0
      camera.callbacks = {
        onDumpFile: (_channel, _state, _startMs, _endMs, _name, buf) => {
          if (!buf) return
          if (buf.buffer instanceof SharedArrayBuffer) shared++
          writeSync(file, buf)
        },
      }
      await camera.open(
        { ...IDENTITY, cloudUrl: cloud.mqttUrl },
        { capture_queue_bytes: 256 * KIB },
      )
      await camera.started
      const queue = camera.storage.captureQueue(0)!
      const { worker } = await startCamera({ queue, frames, how: 'play' })
      await camera.close()
      closeSync(file)
      assert.ok(shared > frames.length / 2)
      assert.ok(readFileSync(join(folder, 'dump.ts')).equals(await muxedTs(frames)))
      await worker.terminate()
    })
    await cloud.stop()
  })

  test('a channel without a queue has none', async () => {
    const camera = new TestCamera()
    assert.equal(camera.storage.captureQueue(0), undefined)
  })
})
