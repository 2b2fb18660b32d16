import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  CloudStorage,
  iv_cm_stream_type_e,
  iv_cs_notify_msg_type_e,
  iv_err_code_e,
  System,
} from '../../runtime/index.ts'
import { EventBench, settle } from '../support/event-bench.ts'
import { FakeCloud } from '../support/fake-cloud.ts'
import { type Frame, framesOf } from '../support/frames.ts'
import { initParams, quiet } from '../support/test-camera.ts'

const CLIP = fileURLToPath(new URL('../../tools/demo/clip.h264', import.meta.url))
const IDENTITY = { productId: 'TEST', deviceName: 'camera', deviceSecret: 'secret' }

let cloud: FakeCloud
let frames: Frame[]
before(async () => {
  cloud = await new FakeCloud().start()
  frames = await framesOf(CLIP, 'h264')
})
after(() => cloud.stop())

test('callbacks may call every function: a push from the start callback and from a notice', {
  timeout: 60_000,
}, async () => {
  const system = new System()
  await system.init({ ...IDENTITY, cloudUrl: cloud.mqttUrl, logger: quiet })
  const storage = new CloudStorage(system)
  const info = { cs_switch: -1, cs_days: 0, cs_type: 0, free_trial_remaining_sec: 0 }
  const codes: unknown[] = []
  const noticeCodes: number[] = []
  let next = 0
  const push = (): number => {
    const { data, ptsMs, seq, key } = frames[next++]!
    const pack = { pu8Addr: data, u64PTS: ptsMs, u32Seq: seq, eFrameType: key ? 0 : 1 }
    return storage.pushCsStream(0, iv_cm_stream_type_e.IV_CM_STREAM_TYPE_VIDEO, pack)
  }
  let isDone = (): void => {}
  const done = new Promise<void>((resolve) => {
    isDone = resolve
  })
  /** notices under way, and the most at a time */
  const depth = { now: 0, most: 0 }
  const parameters = initParams(
    { congestion_cfg: { low_mark: 1, warn_mark: 2, high_mark: 3, enable: 1 } },
    {
      onStartPushStream: () => {
        // the head of the first slice waits 200 ms for sound: eight pictures are enough to see some bytes
        for (let count = 0; count < 8; count++) assert.equal(push(), iv_err_code_e.IV_ERR_NONE)
        codes.push(storage.getCsBalanceInfo(0, info, 0), storage.startCsEvent(0, 1, null))
        codes.push(storage.setCsTransTime(6000, 5000), storage.lastError(0).code)
        isDone()
      },
      onNotify: (_, type) => {
        depth.most = Math.max(depth.most, ++depth.now)
        assert.ok(storage.room(0) > 0)
        assert.ok(storage.stats(0))
        if (type === iv_cs_notify_msg_type_e.IV_CS_AV_UPLOAD_WATERMARK_LOW) noticeCodes.push(push())
        depth.now--
      },
    },
  )
  assert.equal(await storage.initCs(parameters), iv_err_code_e.IV_ERR_NONE)
  await done
  assert.deepEqual(codes, [0, 0, 0, 0])
  assert.deepEqual(noticeCodes, [0])
  assert.ok(depth.most >= 2, 'a notice while another one is being told')
  // this cloud does not answer to events: leaving waits for their results no longer than this
  storage.setCsTransTime(300, 300)
  assert.equal(await storage.exitCs(), iv_err_code_e.IV_ERR_NONE)
  assert.equal(next, 9)
  await system.exit()
})

test('events from within their own callbacks: a stop from the capture, the next one from the result', async () => {
  const codes: number[] = []
  const bench = new EventBench({
    onCapture: (id) => {
      if (id === 1) codes.push(bench.events.stop(1, null).code)
    },
    onResult: () => codes.push(bench.events.start(2, null).code),
  })
  bench.events.start(1, null)
  await settle()
  await settle()
  assert.deepEqual(codes, [0, 0])
  assert.deepEqual(bench.told, ['capture 1', 'start', 'stop', 'result 1 0', 'capture 2', 'start'])
})
