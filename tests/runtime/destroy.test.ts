import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { iv_cs_upload_state_e, iv_err_code_e } from '../../runtime/index.ts'
import { FakeCloud, FULL_TIME } from '../support/fake-cloud.ts'
import { type Frame, framesOf } from '../support/frames.ts'
import { TestCamera } from '../support/test-camera.ts'

const CLIP = fileURLToPath(new URL('../../tools/demo/clip.h264', import.meta.url))
const IDENTITY = { productId: 'TEST', deviceName: 'camera', deviceSecret: 'secret' }

const waitFor = async (what: string, condition: () => boolean): Promise<void> => {
  for (let turn = 0; turn < 500 && !condition(); turn++)
    await new Promise((resolve) => setTimeout(resolve, 10))
  assert.ok(condition(), what)
}

describe('destruction, whatever the uplink is doing', { timeout: 60_000 }, () => {
  let cloud: FakeCloud
  let frames: Frame[]
  before(async () => {
    cloud = await new FakeCloud().start()
    frames = (await framesOf(CLIP, 'h264')).filter(({ ptsMs }) => ptsMs < 4000)
  })
  after(() => cloud.stop())

  /** What every request meets before the destruction. */
  const STATES = {
    'its line is dead: it waits': () => ({ kind: 'cut' as const }),
    'a request is under way': ({ method }: { method: string }) =>
      method === 'PATCH' ? { kind: 'stall' as const } : undefined,
    'all is well': () => undefined,
  }

  for (const [name, fault] of Object.entries(STATES))
    test(name, async () => {
      cloud.slices.clear()
      cloud.plan = FULL_TIME
      cloud.fault = fault
      const camera = new TestCamera()
      await camera.open({ ...IDENTITY, cloudUrl: cloud.mqttUrl })
      camera.storage.setCsTransTime(400, 400)
      await camera.started
      assert.deepEqual(await camera.record(frames), [])
      await new Promise((resolve) => setTimeout(resolve, 250))
      assert.equal(await camera.storage.destroyCsResource(5000), iv_err_code_e.IV_ERR_NONE)
      assert.equal(camera.stops, 1)
      assert.equal(camera.push(frames[0]!), iv_err_code_e.IV_ERR_CS_APPLY_NO_SERVICE)
      // the line is back: nothing of before comes
      const before = cloud.bytes.length
      cloud.fault = () => undefined
      await waitFor('an empty ring', () => camera.storage.stats(0)!.bufferedBytes === 0)
      await new Promise((resolve) => setTimeout(resolve, 500))
      assert.equal(cloud.bytes.length, before)
      assert.ok(camera.storage.room(0) > 2_000_000)
      // with a plan it records anew
      cloud.control(IDENTITY.productId, IDENTITY.deviceName, 0, FULL_TIME)
      await waitFor('another start', () => camera.starts === 2)
      assert.deepEqual(await camera.record(frames), [])
      await camera.close()
      const [slice] = camera.slices.slice(-1)
      assert.equal(slice?.state, iv_cs_upload_state_e.IV_CS_UPLOAD_OK)
    })
})
