import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  CloudStorage,
  iv_cm_stream_type_e,
  type iv_cm_venc_pack_s,
  iv_cs_type_e,
  iv_err_code_e,
  System,
} from '../../runtime/index.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { FakeCloud, FULL_TIME } from '../support/fake-cloud.ts'
import { type Frame, framesOf } from '../support/frames.ts'
import { channelParams, initParams, quiet, TestCamera } from '../support/test-camera.ts'

const CLIP = fileURLToPath(new URL('../../tools/demo/clip.h264', import.meta.url))
const IDENTITY = { productId: 'TEST', deviceName: 'camera', deviceSecret: 'secret' }
const VIDEO = iv_cm_stream_type_e.IV_CM_STREAM_TYPE_VIDEO
const {
  IV_ERR_NONE: OK,
  IV_ERR_CS_INIT_PRM_NULL: NULL,
  IV_ERR_CS_INIT_CB_NULL: CB_NULL,
  IV_ERR_CS_INIT_PRM_RANGE: RANGE,
  IV_ERR_CS_PRM_NOT_AVAILABLE: NOT_AVAILABLE,
  IV_ERR_CS_PRM_MALLOC_FAIL: MALLOC,
  IV_ERR_CS_APPLY_NO_SERVICE: NO_SERVICE,
  IV_ERR_CS_QUERY_SERVICE_TIMEOUT: TIMEOUT,
  IV_ERR_CS_INIT_REPEAT: REPEAT,
  IV_ERR_CS_NEED_IDR_FRAME: NEED_IDR,
  IV_ERR_CS_NO_BALANCE: NO_BALANCE,
} = iv_err_code_e

const pack = (data: Uint8Array, ptsMs: number, type = 0): iv_cm_venc_pack_s => ({
  pu8Addr: data,
  u64PTS: ptsMs,
  u32Seq: 0,
  eFrameType: type,
})

describe('cloud storage', { timeout: 110_000 }, () => {
  let cloud: FakeCloud
  let frames: Frame[]
  before(async () => {
    cloud = await new FakeCloud().start()
    frames = await framesOf(CLIP, 'h264')
  })
  after(() => cloud.stop())

  const online = async (): Promise<System> => {
    const system = new System()
    assert.equal(await system.init({ ...IDENTITY, cloudUrl: cloud.mqttUrl, logger: quiet }), OK)
    return system
  }

  test('before initCs, and after exitCs, everything is refused', async () => {
    const storage = new CloudStorage(new System())
    assert.equal(storage.pushCsStream(0, VIDEO, pack(frames[0]!.data, 0)), NOT_AVAILABLE)
    assert.match(storage.lastError(0).message, /initCs/)
    assert.equal(await storage.exitCs(), NOT_AVAILABLE)
    assert.equal(storage.room(0), 0)
    assert.equal(storage.stats(0), undefined)
    await storage.drained(0)
    assert.equal(await storage.initCs(initParams()), NOT_AVAILABLE, 'sysInit comes first')
    assert.match(storage.lastError(0).message, /sysInit/)
  })

  test('a failed init leaves the module clean; one that is repeated is refused', async () => {
    const system = await online()
    const storage = new CloudStorage(system)
    const faults: [Parameters<typeof storage.initCs>[0], number, RegExp][] = [
      [null, NULL, /iv_cs_init_parm_s/],
      [{ ...initParams(), func_cb: {} as never }, CB_NULL, /onStartPushStream is required/],
      [initParams({ u32MaxGopSize: 0 }), RANGE, /u32MaxGopSize must be at least 4096 bytes, not 0/],
      [initParams({ u32MaxGopSize: 5000 }), RANGE, /multiple of 4096 bytes, not 5000/],
      [initParams({ u32MaxGopSize: '2' as never }), RANGE, /u32MaxGopSize .* not "2"/],
    ]
    for (const [parameters, code, message] of faults) {
      assert.equal(await storage.initCs(parameters), code)
      assert.match(storage.lastError(0).message, message)
    }
    assert.equal(await storage.initCs(initParams()), OK, 'after all that')
    assert.equal(await storage.initCs(initParams()), REPEAT)
    assert.equal(await storage.exitCs(), OK)
    assert.equal(await storage.initCs(initParams()), OK, 'and again')
    await storage.exitCs()
    await system.exit()
  })

  test('what initCs is given is copied', async () => {
    const system = await online()
    const storage = new CloudStorage(system)
    const parameters = initParams()
    const opening = storage.initCs(parameters)
    parameters.ch_params[0]!.u32MaxGopSize = 0
    parameters.ch_params.length = 0
    assert.equal(await opening, OK)
    assert.equal(Math.round(storage.room(0) / 1024), 2048)
    await storage.exitCs()
    await system.exit()
  })

  test('bad frames have codes and messages, and the next good frame works', async () => {
    const camera = new TestCamera()
    await camera.open({ ...IDENTITY, cloudUrl: cloud.mqttUrl }, { u32MaxGopSize: 64 * 1024 })
    const { storage } = camera
    await camera.started
    const idr = frames[0]!
    const p = frames[1]!
    const noise = new Uint8Array(1000).map((_, at) => (at * 7919) & 0xff)
    const large = new Uint8Array(100_000)
    large.set(idr.data.subarray(0, 2000))
    const bad: [string, number, unknown, number, RegExp][] = [
      ['a P frame first', VIDEO, pack(p.data, 0, 1), NEED_IDR, /IDR|never sent/],
      ['no pack', VIDEO, null, NULL, /no pack/],
      ['an unknown stream type', 7, pack(idr.data, 0), RANGE, /AUDIO \(0\) or VIDEO \(1\)/],
      ['no bytes at all', VIDEO, { u64PTS: 0, u32Seq: 0 }, RANGE, /Uint8Array/],
      ['an empty frame', VIDEO, pack(new Uint8Array(0), 0), RANGE, /no bytes/],
      ['garbage', VIDEO, pack(noise, 0), RANGE, /start code/],
      ['a frame larger than the ring', VIDEO, pack(large, 0), MALLOC, /larger than the ring/],
      ['a negative PTS', VIDEO, pack(idr.data, -5), RANGE, /PTS/],
      ['garbage as sound', 0, { pu8Addr: noise, u64PTS: 0, u32Seq: 0 }, RANGE, /ADTS/],
    ]
    for (const [what, type, given, code, message] of bad) {
      assert.equal(storage.pushCsStream(0, type, given as never), code, what)
      assert.equal(storage.lastError(0).code, code, what)
      assert.match(storage.lastError(0).message, message, what)
    }
    assert.equal(storage.pushCsStream(5, VIDEO, pack(idr.data, 0)), RANGE, 'no such channel')
    assert.match(storage.lastError(5).message, /channel/)
    assert.equal(camera.push(idr), OK)
    assert.equal(camera.push(p), OK)
    // in the middle of a stream: P frames after a refused frame wait for the next IDR
    assert.equal(storage.pushCsStream(0, VIDEO, pack(noise, 80)), RANGE)
    assert.equal(camera.push(frames[3]!), NEED_IDR)
    assert.equal(camera.push({ ...frames[50]! }), OK)
    await camera.close()
  })

  test('u32Len says how much of the buffer counts', async () => {
    const camera = new TestCamera()
    await camera.open({ ...IDENTITY, cloudUrl: cloud.mqttUrl })
    await camera.started
    const buffer = new Uint8Array(frames[0]!.data.length + 500)
    buffer.set(frames[0]!.data)
    const given = { ...pack(buffer, 0), u32Len: frames[0]!.data.length }
    assert.equal(camera.storage.pushCsStream(0, VIDEO, given), OK)
    await camera.close()
  })

  test('pushing without a plan', async () => {
    cloud.plan = { ...FULL_TIME, _sys_cs_status: 0 }
    const camera = new TestCamera()
    await camera.open({ ...IDENTITY, cloudUrl: cloud.mqttUrl })
    assert.equal(camera.push(frames[0]!), NO_SERVICE)
    assert.match(camera.storage.lastError(0).message, /onStartPushStream/)
    assert.equal(camera.starts, 0)
    await camera.close()
    cloud.plan = FULL_TIME
  })

  test('a wrong secret is told of, and never goes online', async () => {
    cloud.checkLogin((_, password) => password === 'right')
    const system = new System()
    let reason = ''
    const offline = new Promise<void>((resolve) => {
      void system.init({
        ...IDENTITY,
        cloudUrl: cloud.mqttUrl,
        logger: quiet,
        onOffline: (text) => {
          reason = text
          resolve()
        },
      })
    })
    await offline
    assert.match(reason, /refused the login .* check device name and secret/)
    assert.equal(system.online, false)
    const storage = new CloudStorage(system)
    const info = {
      cs_switch: 0,
      cs_days: 0,
      cs_type: iv_cs_type_e.CS_TYPE_NONE,
      free_trial_remaining_sec: 0,
    }
    assert.equal(await storage.getCsBalanceInfo(0, info, 0.2), TIMEOUT)
    assert.match(storage.lastError(0).message, /refused the login/)
    cloud.checkLogin(() => true)
    await system.exit()
  })

  test('balance: blocking, cached, out of range, before initCs', async () => {
    const system = await online()
    const storage = new CloudStorage(system)
    const info = {
      cs_switch: -1,
      cs_days: -1,
      cs_type: iv_cs_type_e.CS_TYPE_NONE,
      free_trial_remaining_sec: -1,
    }
    assert.equal(storage.getCsBalanceInfo(2, info, 0), NO_BALANCE)
    assert.equal(storage.getCsBalanceInfo(65, info, 0), RANGE)
    assert.equal(storage.getCsBalanceInfo(0, info, -1), RANGE)
    assert.equal(storage.getCsBalanceInfo(0, null as never, 0), NULL)
    assert.equal(info.cs_switch, -1, 'untouched')
    assert.equal(await storage.getCsBalanceInfo(0, info, 5), OK)
    const expected = {
      cs_switch: 1,
      cs_days: 7,
      cs_type: iv_cs_type_e.CS_TYPE_FULL_TIME,
      free_trial_remaining_sec: 0,
    }
    assert.deepEqual(info, expected)
    info.cs_days = 0
    assert.equal(storage.getCsBalanceInfo(0, info, 0), OK)
    assert.deepEqual(info, expected)
    cloud.deaf.add('get_status')
    assert.equal(await storage.getCsBalanceInfo(3, info, 0.3), TIMEOUT)
    cloud.deaf.clear()
    await system.exit()
    assert.equal(await new CloudStorage(new System()).getCsBalanceInfo(0, info, 0), NOT_AVAILABLE)
  })

  test('time-outs: 0 and nonsense are refused', async () => {
    const storage = new CloudStorage(new System())
    for (const [upload, reply] of [
      [0, 5000],
      [6000, 0],
      [-1, 5],
      [6000, Number.NaN],
      [1.5, 5],
    ] as const)
      assert.equal(storage.setCsTransTime(upload, reply), RANGE)
    assert.equal(storage.setCsTransTime(6000, 5000), OK)
  })

  test('several channels, each with its own format, recording at once', async () => {
    cloud.slices.clear()
    const system = await online()
    const storage = new CloudStorage(system)
    const started = new Set<number>()
    const parameters = initParams({}, { onStartPushStream: (channel) => void started.add(channel) })
    parameters.channel_num = 3
    parameters.ch_params = [1, 2, 3].map((channel_id) =>
      channelParams({ channel_id, cs_fmt: channel_id === 2 ? 1 : 0 }),
    )
    assert.equal(await storage.initCs(parameters), OK)
    for (let turn = 0; turn < 200 && started.size < 3; turn++)
      await new Promise((resolve) => setTimeout(resolve, 10))
    assert.deepEqual([...started].sort(), [1, 2, 3])
    for (const frame of frames.slice(0, 100))
      for (const channel of [1, 2, 3])
        assert.equal(
          storage.pushCsStream(channel, VIDEO, pack(frame.data, frame.ptsMs, frame.key ? 0 : 1)),
          OK,
        )
    for (const channel of [1, 2, 3]) assert.equal(storage.stats(channel)!.videoFrames, 100)
    await storage.exitCs()
    await system.exit()
    const formats = [...cloud.slices.values()].map(({ start }) => start.format).sort()
    assert.deepEqual(formats, ['fmp4', 'ts', 'ts'])
  })

  test('a module is initialised and left a thousand times without a trace', async () => {
    const clock = new FakeClock()
    const system = new System({ clock })
    // nobody is there: what matters is what is left behind here
    const sys = { ...IDENTITY, cloudUrl: 'mqtt://127.0.0.1:9', logger: quiet }
    assert.equal(await system.init(sys), OK)
    const storage = new CloudStorage(system)
    const small = initParams({ u32MaxGopSize: 64 * 1024 })
    const cycle = async (): Promise<void> => {
      assert.equal(await storage.initCs(small), OK)
      assert.equal(await storage.exitCs(), OK)
    }
    await cycle()
    // the session's, which waits before it connects again
    for (let turn = 0; turn < 200 && clock.timers === 0; turn++)
      await new Promise((resolve) => setTimeout(resolve, 10))
    const timers = clock.timers
    for (let count = 0; count < 1000; count++) await cycle()
    assert.equal(clock.timers, timers)
    await system.exit()
    assert.equal(clock.timers, 0, 'nor does the system module leave any')
  })
})
