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
  for (let turn = 0; turn < 6000 && !condition(); turn++)
    await new Promise((resolve) => setTimeout(resolve, 10))
  assert.ok(condition(), what)
}

describe('destruction, whatever the uplink is doing', { timeout: 300_000 }, () => {
  let cloud: FakeCloud
  let frames: Frame[]
  before(async () => {
    cloud = await new FakeCloud().start()
    frames = (await framesOf(CLIP, 'h264')).filter(({ ptsMs }) => ptsMs < 4000)
  })
  after(() => cloud.stop())

  type State = { fault: FakeCloud['fault']; until: 'POST' | 'PATCH' }
  /** What every request meets before the destruction, which comes when one of this kind has been made. */
  const STATES: Record<string, State> = {
    'its line is dead: it waits': { fault: () => ({ kind: 'cut' }), until: 'POST' },
    'a request is under way': {
      fault: ({ method }) => (method === 'PATCH' ? { kind: 'stall' } : undefined),
      until: 'PATCH',
    },
    'all is well': { fault: () => undefined, until: 'PATCH' },
  }

  for (const [name, { fault, until }] of Object.entries(STATES))
    test(name, async () => {
      cloud.slices.clear()
      cloud.plan = FULL_TIME
      cloud.fault = fault
      cloud.requests.length = 0
      const camera = new TestCamera()
      await camera.open({ ...IDENTITY, cloudUrl: cloud.mqttUrl })
      camera.storage.setCsTransTime(400, 400)
      await camera.started
      assert.deepEqual(await camera.record(frames), [])
      await waitFor('a request', () => cloud.requests.some(({ method }) => method === until))
      assert.equal(await camera.storage.destroyCsResource(30_000), iv_err_code_e.IV_ERR_NONE)
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
      // exitCs waits no longer than this for the last slice
      camera.storage.setCsTransTime(60_000, 60_000)
      await camera.close()
      const [slice] = camera.slices.slice(-1)
      assert.equal(slice?.state, iv_cs_upload_state_e.IV_CS_UPLOAD_OK)
    })
})
