import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CloudStorage, ReservedFrame, System } from '../../../runtime/index.ts'
import { FakeCloud } from '../../support/fake-cloud.ts'
import { type Frame, framesOf, looped } from '../../support/frames.ts'
import { muxedTs } from '../../support/muxed.ts'
import { initParams, quiet, TestCamera } from '../../support/test-camera.ts'

const clip = (name: string): string =>
  fileURLToPath(new URL(`../../../tools/demo/${name}`, import.meta.url))
const IDENTITY = { productId: 'TEST', deviceName: 'camera', deviceSecret: 'secret' }
const CLIP_MS = 20_480
const MIB = 1024 * 1024
const LARGEST_PICTURE = 200 * 1024

const until = async (what: string, condition: () => boolean): Promise<void> => {
  const endMs = performance.now() + 60_000
  while (!condition() && performance.now() < endMs)
    await new Promise((resolve) => setTimeout(resolve, 20))
  assert.ok(condition(), what)
}

describe('spool', { timeout: 300_000 }, () => {
  let cloud: FakeCloud
  let frames: Frame[]
  let folder: string
  before(async () => {
    cloud = await new FakeCloud().start()
    frames = await framesOf(clip('clip.h264'), 'h264', { audioPath: clip('clip.aac') })
  })
  after(() => cloud.stop())
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'skyrill-spool-'))
    cloud.slices.clear()
    cloud.fault = () => undefined
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const files = (): string[] =>
    readdirSync(folder, { recursive: true })
      .map(String)
      .filter((name) => name.endsWith('.slice'))

  const open = async (
    given: Partial<{ maxBytes: number; afterMs: number; writeBytes: number }> = {},
    channel: Parameters<TestCamera['open']>[1] = {},
  ): Promise<TestCamera> => {
    const camera = new TestCamera()
    camera.extra = { spool: { path: folder, maxBytes: 64 * MIB, ...given } }
    await camera.open({ ...IDENTITY, cloudUrl: cloud.mqttUrl }, channel)
    await camera.started
    return camera
  }

  /** Without waiting for room: what is in the way makes place. */
  const push = async (camera: TestCamera, given: readonly Frame[]): Promise<void> => {
    for (const [at, frame] of given.entries()) {
      assert.equal(camera.push(frame), 0, camera.storage.lastError(0).message)
      if (at % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }

  test('what goes through at once is never written', async () => {
    const camera = await open()
    assert.deepEqual(await camera.record(frames), [])
    await camera.close()
    assert.deepEqual(cloud.bytes, await muxedTs(frames))
    assert.deepEqual(files(), [])
    assert.deepEqual(camera.storage.losses(), [])
  })

  /** The same, with pictures that a driver writes into the ring. */
  const pushReserved = async (camera: TestCamera, given: readonly Frame[]): Promise<void> => {
    const reserved = new ReservedFrame()
    for (const [at, frame] of given.entries()) {
      if (frame.kind === 'audio') assert.equal(camera.push(frame), 0)
      else {
        const { data, ptsMs, seq, key } = frame
        // it knows the length of a picture only when it is there
        assert.equal(camera.storage.reserveCsFrame(0, LARGEST_PICTURE, reserved), 0)
        reserved.pu8Addr.set(data, reserved.address)
        const pack = { u32Len: data.length, u64PTS: ptsMs, u32Seq: seq, eFrameType: key ? 0 : 1 }
        assert.equal(camera.storage.pushCsStream(0, 1, Object.assign(reserved, pack)), 0)
      }
      if (at % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }

  for (const [name, cs_fmt, play] of [
    ['TS', 0, push],
    ['fMP4', 1, push],
    ['TS, written into the ring', 0, pushReserved],
    ['fMP4, written into the ring', 1, pushReserved],
  ] as const)
    test(`a line that is dead, then there again: every byte arrives (${name})`, async () => {
      cloud.fault = () => ({ kind: 'cut' })
      const given = looped(frames, 4, CLIP_MS)
      const camera = await open({}, { u32MaxGopSize: 512 * 1024, cs_fmt })
      await play(camera, given)
      const muxed = camera.storage.stats(0)!.muxedBytes
      assert.ok(
        camera.storage.spoolStatus()!.slices >= 6,
        `${camera.storage.spoolStatus()!.slices}`,
      )
      cloud.fault = () => undefined
      // all but the slice that is being recorded: one that is under way when the module is left stays in the spool
      const isSent = (): boolean => {
        const sent = [...cloud.slices.values()].sort(
          (a, b) => a.start.startPtsMs - b.start.startPtsMs,
        )
        const lastMs = sent.at(-1)?.start.startPtsMs ?? 0
        return (
          lastMs > 4 * CLIP_MS - 10_000 &&
          sent.slice(0, -1).every(({ length }) => length !== undefined)
        )
      }
      await until('an empty spool', () => camera.storage.spoolStatus()!.slices <= 1 && isSent())
      await camera.close()
      if (cs_fmt === 0) assert.deepEqual(cloud.bytes, await muxedTs(given))
      const bytes = [...cloud.slices.values()].reduce(
        (sum, slice) => sum + slice.bytes.length - slice.start.initBytes,
        0,
      )
      assert.ok(bytes >= muxed, `${bytes} of ${muxed}`)
      for (const slice of cloud.slices.values()) assert.equal(slice.length, slice.bytes.length)
      assert.deepEqual(camera.storage.losses(), [])
    })

  test('another start of the program sends what was left, with its times', async () => {
    cloud.fault = () => ({ kind: 'cut' })
    const camera = await open({}, { u32MaxGopSize: 512 * 1024 })
    camera.storage.setCsTransTime(200, 200)
    const startMs = Date.now()
    await push(camera, frames)
    await camera.close()
    assert.ok(files().length >= 2, `${files().length}`)
    assert.equal(cloud.slices.size, 0)
    cloud.fault = () => undefined
    const system = new System()
    await system.init({ ...IDENTITY, cloudUrl: cloud.mqttUrl, logger: quiet })
    const storage = new CloudStorage(system)
    const spool = { path: folder, maxBytes: 64 * MIB }
    assert.equal(await storage.initCs({ ...initParams(), spool }), 0)
    await until('an empty spool', () => storage.spoolStatus()!.slices === 0)
    await storage.exitCs()
    await system.exit()
    assert.deepEqual(cloud.bytes, await muxedTs(frames))
    const [first, second] = [...cloud.slices.values()]
    assert.ok(Math.abs(first!.start.startUtcMs - startMs) < 30_000)
    assert.equal(
      second!.start.startUtcMs - first!.start.startUtcMs,
      second!.start.startPtsMs - first!.start.startPtsMs,
    )
    assert.equal([...cloud.slices.values()].at(-1)!.indexes.at(-1)!.end!.reason, 'stop')
    assert.deepEqual(files(), [])
  })
})
