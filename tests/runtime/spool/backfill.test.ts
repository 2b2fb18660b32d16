import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  iv_cs_notify_msg_type_e,
  iv_cs_up_bk_state_e,
  iv_cs_upload_state_e,
  iv_err_code_e,
} from '../../../runtime/index.ts'
import { DumpFiles } from '../../support/dump-files.ts'
import { FakeCloud } from '../../support/fake-cloud.ts'
import { type Frame, framesOf, looped } from '../../support/frames.ts'
import { muxedTs } from '../../support/muxed.ts'
import { TestCamera } from '../../support/test-camera.ts'

const clip = (name: string): string =>
  fileURLToPath(new URL(`../../../tools/demo/${name}`, import.meta.url))
const IDENTITY = { productId: 'TEST', deviceName: 'camera', deviceSecret: 'secret' }
const CLIP_MS = 20_480
const { CS_UP_BK_START: START, CS_UP_BK_RUNNING: RUNNING, CS_UP_BK_END: END } = iv_cs_up_bk_state_e
const {
  IV_ERR_NONE: OK,
  IV_ERR_CS_INIT_PRM_NULL: NULL,
  IV_ERR_CS_INIT_PRM_RANGE: RANGE,
  IV_ERR_CS_UPLOAD_OPEN_FILE_FAIL: NO_FILE,
  IV_ERR_CS_PRM_NOT_AVAILABLE: NOT_AVAILABLE,
  IV_ERR_CS_HTTP_DATA_FAIL: HTTP_FAIL,
} = iv_err_code_e

/** Samples of the first run, which is the video's, of every fragment. Spec: 14496-12 8.8.8 */
const picturesInFmp4 = (bytes: Buffer): number => {
  let pictures = 0
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at))
    if (bytes.toString('latin1', at + 4, at + 8) === 'moof')
      pictures += bytes.readUInt32BE(bytes.indexOf('trun', at) + 8)
  return pictures
}

describe('dump and backfill', { timeout: 110_000 }, () => {
  let cloud: FakeCloud
  let frames: Frame[]
  before(async () => {
    cloud = await new FakeCloud().start()
    frames = await framesOf(clip('clip.h264'), 'h264', { audioPath: clip('clip.aac') })
  })
  after(() => cloud.stop())

  const open = async (
    channel: Parameters<TestCamera['open']>[1] = {},
  ): Promise<{ camera: TestCamera; dump: DumpFiles }> => {
    cloud.slices.clear()
    cloud.fault = () => undefined
    const camera = new TestCamera()
    const dump = new DumpFiles()
    camera.callbacks = { onDumpFile: dump.callback }
    await camera.open({ ...IDENTITY, cloudUrl: cloud.mqttUrl }, channel)
    await camera.started
    return { camera, dump }
  }

  for (const cs_fmt of [0, 1])
    test(`files are what is uploaded, named as it is (${cs_fmt === 0 ? 'TS' : 'fMP4'})`, async () => {
      const { camera, dump } = await open({ cs_fmt })
      assert.deepEqual(await camera.record(frames), [])
      await camera.close()
      assert.deepEqual(dump.faults, [])
      const uploaded = [...cloud.slices.values()]
      assert.deepEqual(
        [...dump.files.keys()],
        uploaded.map(({ start }) => start.id),
      )
      for (const { start, bytes } of uploaded)
        assert.ok(dump.files.get(start.id)!.bytes.equals(bytes))
      for (const [at, slice] of camera.slices.entries()) {
        const file = [...dump.files.values()][at]!
        assert.equal(Math.floor(file.startMs / 1000), slice.utc_sec_a)
        assert.equal(Math.floor(file.endMs / 1000), slice.utc_sec_b)
      }
    })

  test('five minutes without a cloud, a buffer of one GOP: everything is in the files, and then at the cloud', async () => {
    const { camera, dump } = await open({ u32MaxGopSize: 256 * 1024 })
    const all = looped(frames, 16, CLIP_MS)
    const cutAt = all.findIndex(({ ptsMs }) => ptsMs >= 4000)
    const backAt = all.findIndex(({ ptsMs }) => ptsMs >= 305_000)
    assert.deepEqual(await camera.record(all.slice(0, cutAt), 50), [])
    cloud.fault = () => ({ kind: 'cut' })
    // no waiting for room: the camera goes on
    for (const frame of all.slice(cutAt, backAt)) assert.equal(camera.push(frame), OK)
    cloud.fault = () => undefined
    assert.deepEqual(await camera.record(all.slice(backAt), 20), [])
    await camera.storage.drained(0)
    await waitFor(() => camera.storage.stats(0)!.bufferedBytes < 64 * 1024)
    await waitFor(() => camera.slices.length >= 30)
    const lost = camera.slices.filter(
      ({ state }) => state === iv_cs_upload_state_e.IV_CS_UPLOAD_ERR,
    )
    assert.ok(lost.length >= 28, `${lost.length} slices were lost`)
    // as the specification says: files are found by the times of the notice
    for (const slice of lost) {
      const name = [...dump.files].find(
        ([, file]) => Math.floor(file.startMs / 1000) === slice.utc_sec_a,
      )![0]
      assert.equal(
        await dump.send(camera.storage, 0, name),
        OK,
        camera.storage.lastError(0).message,
      )
      assert.equal(await dump.send(camera.storage, 0, name), OK, 'a complete slice is done at once')
    }
    await camera.close()
    assert.deepEqual(dump.faults, [])
    const expected = await muxedTs(all)
    assert.ok(dump.bytes.equals(expected), 'every byte was dumped')
    assert.ok(cloud.bytes.equals(expected), 'every byte is at the cloud')
    for (const { bytes, length, indexes } of cloud.slices.values()) {
      assert.equal(length, bytes.length)
      const pieces = new Map(
        indexes.flatMap((index) => index.pieces).map((piece) => [piece.o, piece]),
      )
      let offset = 0
      for (const piece of [...pieces.values()].sort((a, b) => a.o - b.o)) {
        assert.equal(piece.o, offset)
        assert.equal(piece.open, undefined)
        offset += piece.b
      }
      assert.equal(offset, bytes.length)
    }
  })

  test('fMP4 in a buffer of less than a GOP, no cloud: a fragment that closes early to make room is dumped too', async () => {
    const { camera, dump } = await open({ cs_fmt: 1, u32MaxGopSize: 64 * 1024 })
    cloud.fault = () => ({ kind: 'cut' })
    const all = looped(frames, 3, CLIP_MS)
    for (const frame of all) assert.equal(camera.push(frame), OK)
    cloud.fault = () => undefined
    await camera.close()
    assert.deepEqual(dump.faults, [])
    assert.equal(picturesInFmp4(dump.bytes), all.filter(({ kind }) => kind === 'video').length)
  })

  test('what is out of order, unknown, too short or too long has its code', async () => {
    const { camera, dump } = await open({ u32MaxGopSize: 256 * 1024 })
    cloud.fault = ({ method }) => (method === 'POST' ? { kind: 'answer', status: 400 } : undefined)
    await camera.record(frames)
    await camera.storage.drained(0)
    await waitFor(() => camera.slices.length >= 2)
    cloud.fault = () => undefined
    const { storage } = camera
    const [name, file] = [...dump.files][0]!
    const upload = (state: number, of: string | null, bytes: Uint8Array | null = null) =>
      storage.uploadCsBackupVideo(0, state, of as string, bytes, bytes?.length ?? 0)
    assert.equal(await upload(RUNNING, name, file.bytes), RANGE, 'not begun')
    assert.equal(await upload(END, name), RANGE)
    assert.equal(await upload(START, null), NULL)
    assert.equal(await upload(START, 'holiday.ts'), NO_FILE)
    assert.match(storage.lastError(0).message, /not a file that was dumped/)
    assert.equal(await upload(START, name), OK)
    assert.equal(await upload(7, name), RANGE)
    assert.equal(await upload(RUNNING, name, file.bytes), RANGE, 'given up after an error')
    assert.equal(await upload(START, name), OK)
    assert.equal(await upload(RUNNING, name, file.bytes.subarray(0, 1000)), OK)
    assert.equal(await upload(END, name), RANGE, 'too short')
    assert.equal(await upload(START, name), OK)
    assert.equal(
      await upload(RUNNING, name, Buffer.concat([file.bytes, file.bytes])),
      RANGE,
      'too long',
    )
    assert.equal(await upload(START, name), OK)
    const [first, second] = await Promise.all([
      upload(RUNNING, name, file.bytes),
      upload(RUNNING, name, file.bytes),
    ])
    assert.deepEqual([first, second], [OK, NOT_AVAILABLE], 'one call at a time')
    await upload(END, name)
    assert.equal(await dump.send(storage, 0, name), OK, 'and then in order')
    const slice = [...cloud.slices.values()].find(({ start }) => start.id === name)!
    assert.ok(slice.bytes.equals(file.bytes))
    await camera.close()
    assert.equal(await upload(START, name), NOT_AVAILABLE, 'the module was left')
  })

  test('a cloud that fails in the middle: an error, and the file goes on where it stopped', async () => {
    const { camera, dump } = await open({ u32MaxGopSize: 256 * 1024 })
    cloud.fault = ({ method }) => (method === 'POST' ? { kind: 'answer', status: 400 } : undefined)
    await camera.record(frames)
    await waitFor(() => camera.slices.length >= 2)
    const name = [...dump.files.keys()][0]!
    let patches = 0
    cloud.fault = ({ method }) =>
      method === 'PATCH' && patches++ === 1 ? { kind: 'lose-answer' } : undefined
    assert.equal(await dump.send(camera.storage, 0, name), OK, 'a lost answer is asked for')
    assert.ok(cloud.bytes.equals(dump.files.get(name)!.bytes))
    cloud.slices.clear()
    const other = [...dump.files.keys()][1]!
    patches = 0
    cloud.fault = ({ method }) =>
      method === 'PATCH' && patches++ >= 2 ? { kind: 'answer', status: 400 } : undefined
    assert.equal(await dump.send(camera.storage, 0, other), HTTP_FAIL)
    cloud.fault = () => undefined
    const before = cloud.bytes.length
    assert.ok(before > 0)
    assert.equal(await dump.send(camera.storage, 0, other), OK)
    assert.ok(cloud.bytes.equals(dump.files.get(other)!.bytes))
    await camera.close()
  })

  test('without a dump callback nothing is known of files, and a full buffer refuses frames', async () => {
    cloud.slices.clear()
    const camera = new TestCamera()
    await camera.open({ ...IDENTITY, cloudUrl: cloud.mqttUrl })
    assert.equal(await camera.storage.uploadCsBackupVideo(0, START, 'x', null, 0), NO_FILE)
    assert.ok(!camera.notices.includes(iv_cs_notify_msg_type_e.IV_CS_COS_SERVICE_WRONG))
    await camera.close()
  })

  test('a dump callback that throws, or pushes, harms nothing', async () => {
    cloud.slices.clear()
    const camera = new TestCamera()
    const codes = new Set<number>()
    camera.callbacks = {
      onDumpFile: () => {
        codes.add(camera.push(frames[0]!))
        throw new Error('disk full')
      },
    }
    await camera.open({ ...IDENTITY, cloudUrl: cloud.mqttUrl })
    await camera.started
    assert.deepEqual(await camera.record(frames.slice(0, 100)), [])
    await camera.close()
    assert.deepEqual([...codes], [NOT_AVAILABLE], 'parallel pushes are refused')
    assert.ok(cloud.bytes.equals(await muxedTs(frames.slice(0, 100))))
  })
})

const waitFor = async (condition: () => boolean): Promise<void> => {
  for (let turn = 0; turn < 1500 && !condition(); turn++)
    await new Promise((resolve) => setTimeout(resolve, 10))
  assert.ok(condition(), 'waited 15 s')
}
