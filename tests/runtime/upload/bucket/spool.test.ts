import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { CloudStorage, iv_cs_up_bk_state_e, System } from '../../../../runtime/index.ts'
import { type SliceManifest, sliceManifestSchema } from '../../../../runtime/mqtt/bucket-layout.ts'
import { FAKE_KEYS, FakeS3 } from '../../../support/fake-s3.ts'
import { type Frame, framesOf, looped } from '../../../support/frames.ts'
import { muxedTs } from '../../../support/muxed.ts'
import { initParams, quiet, TestCamera } from '../../../support/test-camera.ts'

const clip = (name: string): string =>
  fileURLToPath(new URL(`../../../../tools/demo/${name}`, import.meta.url))
const CLIP_MS = 20_480
const MIB = 1024 * 1024
const OBJECT = /\/\d{10}\.ts$/
const SLICE_INDEX = /\/index\/\d\d\/[0-9a-f]{16}-\d{8}\.json$/

const until = async (what: string, condition: () => boolean): Promise<void> => {
  for (const deadline = Date.now() + 60_000; !condition(); ) {
    assert.ok(Date.now() < deadline, `not within 60 s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe('slices that reach a bucket later', { timeout: 300_000 }, () => {
  let s3: FakeS3
  let frames: Frame[]
  let folder: string
  before(async () => {
    s3 = await new FakeS3().start()
    frames = await framesOf(clip('clip.h264'), 'h264', { audioPath: clip('clip.aac') })
  })
  after(() => s3.stop())
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'skyrill-bucket-spool-'))
    s3.objects.clear()
    s3.fault = () => undefined
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const system = () => ({
    productId: 'TEST',
    deviceName: 'camera',
    logger: quiet,
    uplink: {
      kind: 'bucket' as const,
      endpoint: s3.endpoint,
      bucket: 'recordings',
      credentials: FAKE_KEYS,
    },
  })
  const spool = () => ({ path: folder, maxBytes: 64 * MIB })

  const open = async (camera = new TestCamera()): Promise<TestCamera> => {
    assert.equal(await camera.system.init(system()), 0, camera.system.lastError)
    await camera.init({ u32MaxGopSize: 512 * 1024 })
    await camera.started
    return camera
  }

  const push = async (camera: TestCamera, given: readonly Frame[]): Promise<void> => {
    for (const [at, frame] of given.entries()) {
      assert.equal(camera.push(frame), 0, camera.storage.lastError(0).message)
      if (at % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 1))
    }
  }

  const manifests = (): SliceManifest[] =>
    s3.keys(SLICE_INDEX).map((key) => sliceManifestSchema.parse(s3.json(key)))

  /** The files that the indexes describe, in order of time. */
  const stored = (): Buffer =>
    Buffer.concat(
      manifests()
        .sort((a, b) => a.start.startPtsMs - b.start.startPtsMs)
        .map(({ start, bytes, objects, pieces, end }) => {
          assert.ok(end, `${start.id} has an end`)
          const parts = s3.keys(new RegExp(`/${start.id}/`)).map((key) => s3.objects.get(key)!.body)
          assert.deepEqual(
            parts.map((part) => part.length),
            objects.map(({ b }) => b),
          )
          assert.equal(
            pieces.reduce((sum, piece) => sum + piece.b, 0),
            bytes,
          )
          return Buffer.concat(parts)
        }),
    )

  /** Another start of the program. */
  const sendRest = async (): Promise<void> => {
    const next = new System()
    await next.init(system())
    const storage = new CloudStorage(next)
    assert.equal(await storage.initCs({ ...initParams(), spool: spool() }), 0)
    await until('an empty spool', () => storage.spoolStatus()!.slices === 0)
    await storage.exitCs()
    await next.exit()
  }

  test('from the spool: a line that is dead, then there again', async () => {
    let dead = false
    s3.fault = () => (dead ? { kind: 'cut' } : undefined)
    const given = looped(frames, 3, CLIP_MS)
    const camera = new TestCamera()
    camera.extra = { spool: spool() }
    await open(camera)
    await push(camera, given.slice(0, 300))
    await until('an object', () => s3.keys(OBJECT).length > 0)
    dead = true
    await push(camera, given.slice(300))
    assert.ok(camera.storage.spoolStatus()!.slices >= 3)
    dead = false
    await until('an empty spool', () => camera.storage.spoolStatus()!.slices <= 1)
    await camera.close()
    // a slice that was under way when the module was left stays in the spool
    await sendRest()
    assert.ok(stored().equals(await muxedTs(given)))
  })

  test('from the spool, by another start of the program', async () => {
    s3.fault = () => ({ kind: 'cut' })
    const camera = new TestCamera()
    camera.extra = { spool: spool() }
    await open(camera)
    camera.storage.setCsTransTime(200, 200)
    await push(camera, frames)
    await camera.close()
    assert.equal(s3.objects.size, 0)
    s3.fault = () => undefined
    await sendRest()
    assert.ok(stored().equals(await muxedTs(frames)))
  })

  test('from files that the app has dumped', async () => {
    s3.fault = () => ({ kind: 'cut' })
    const files = new Map<string, Buffer[]>()
    let parts: Buffer[] = []
    const camera = new TestCamera()
    camera.callbacks = {
      onDumpFile: (_channel, state, _start, _end, name, view) => {
        if (state === iv_cs_up_bk_state_e.CS_UP_BK_START) parts = []
        if (view) parts.push(Buffer.from(view))
        if (state === iv_cs_up_bk_state_e.CS_UP_BK_END) files.set(name!, parts)
        return 0
      },
    }
    await open(camera)
    camera.storage.setCsTransTime(200, 200)
    await push(camera, frames)
    await camera.storage.exitCs()
    assert.ok(files.size >= 2)
    s3.fault = () => undefined
    await camera.init({ u32MaxGopSize: 512 * 1024 })
    for (const [name, views] of files) {
      const step = (state: iv_cs_up_bk_state_e, view?: Buffer) =>
        camera.storage.uploadCsBackupVideo(0, state, name, view ?? null, view?.length ?? 0)
      assert.equal(await step(iv_cs_up_bk_state_e.CS_UP_BK_START), 0)
      for (const view of views)
        assert.equal(await step(iv_cs_up_bk_state_e.CS_UP_BK_RUNNING, view), 0)
      assert.equal(await step(iv_cs_up_bk_state_e.CS_UP_BK_END), 0)
    }
    await camera.close()
    assert.ok(stored().equals(Buffer.concat([...files.values()].flat())))
  })
})
