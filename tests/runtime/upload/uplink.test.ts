import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { iv_cs_notify_msg_type_e, iv_cs_upload_state_e } from '../../../runtime/index.ts'
import { FakeCloud, type Fault, FULL_TIME, NONE } from '../../support/fake-cloud.ts'
import { type Frame, framesOf } from '../../support/frames.ts'
import { muxedTs } from '../../support/muxed.ts'
import { TestCamera } from '../../support/test-camera.ts'

const clip = (name: string): string =>
  fileURLToPath(new URL(`../../../tools/demo/${name}`, import.meta.url))
const IDENTITY = { productId: 'TEST', deviceName: 'camera', deviceSecret: 'secret' }
const { IV_CS_AV_UPLOAD_CONNECT_FAIL: FAIL, IV_CS_AV_UPLOAD_CONNECT_RECOVER: RECOVER } =
  iv_cs_notify_msg_type_e
const { IV_CS_COS_SERVICE_WRONG: WRONG } = iv_cs_notify_msg_type_e

type Request = { method: string; url: string }

/** Faults for the nth requests of a method, counted from 0. */
const at =
  (method: string, numbers: readonly number[], fault: Fault) =>
  (request: Request): Fault | undefined => {
    if (request.method !== method) return undefined
    const number = counts.get(method) ?? 0
    counts.set(method, number + 1)
    return numbers.includes(number) ? fault : undefined
  }
const counts = new Map<string, number>()

const answer = (status: number, headers?: Record<string, string>, body?: string): Fault => ({
  kind: 'answer',
  status,
  ...(headers ? { headers } : {}),
  ...(body === undefined ? {} : { body }),
})

const TUS = { 'Tus-Resumable': '1.0.0' }
const PORTAL = answer(200, { 'Content-Type': 'text/html' }, '<html>Accept the terms</html>')

/** Each must end with every byte at the cloud; `notices` are those besides the slices' results. */
const CASES: {
  name: string
  fault: (request: Request) => Fault | undefined
  notices?: iv_cs_notify_msg_type_e[]
  timeoutMs?: number
}[] = [
  { name: 'nothing goes wrong', fault: () => undefined },
  {
    name: 'the first POST is cut',
    fault: at('POST', [0], { kind: 'cut' }),
    notices: [FAIL, RECOVER],
  },
  {
    name: 'the answer to a POST is lost',
    fault: at('POST', [0], { kind: 'lose-answer' }),
    notices: [FAIL, RECOVER],
  },
  {
    name: 'appends are cut',
    fault: at('PATCH', [0, 2, 3], { kind: 'cut' }),
    notices: [FAIL, RECOVER, FAIL, RECOVER, FAIL, RECOVER],
  },
  {
    name: 'an append is cut in its body',
    fault: at('PATCH', [1], { kind: 'cut-body' }),
    notices: [FAIL, RECOVER],
  },
  { name: 'answers to appends are lost', fault: at('PATCH', [0, 1, 4], { kind: 'lose-answer' }) },
  {
    name: 'an answer to HEAD is lost too',
    fault: (r) =>
      at('PATCH', [1], { kind: 'lose-answer' })(r) ?? at('HEAD', [0], { kind: 'cut' })(r),
  },
  {
    name: 'a line that is dead without saying so',
    fault: at('PATCH', [1], { kind: 'stall' }),
    notices: [FAIL, RECOVER],
    timeoutMs: 300,
  },
  {
    name: 'captive portal: 200 with a page',
    fault: at('PATCH', [0, 1], PORTAL),
    notices: [FAIL, RECOVER, FAIL, RECOVER],
  },
  {
    name: 'captive portal: redirect',
    fault: at('POST', [0], answer(302, { Location: 'http://portal/' })),
    notices: [FAIL, RECOVER],
  },
  { name: '401: another token', fault: at('PATCH', [0, 3], answer(401)) },
  { name: '403: another token, then it fits', fault: at('PATCH', [0], answer(403)) },
  { name: '404: created again', fault: at('PATCH', [0], answer(404)) },
  { name: '409: goes on where the slice ends', fault: at('PATCH', [1], answer(409)) },
  { name: '413: smaller appends', fault: at('PATCH', [0, 1], answer(413)) },
  {
    name: '429 with Retry-After',
    fault: at('PATCH', [1], answer(429, { ...TUS, 'Retry-After': '0' })),
  },
  { name: '460: the same bytes again', fault: at('PATCH', [1], answer(460)) },
  { name: '500, once reported', fault: at('PATCH', [1, 2], answer(500)), notices: [WRONG] },
  { name: '502 of a proxy', fault: at('HEAD', [0], answer(502, {})) },
  { name: '503 without Retry-After', fault: at('POST', [0], answer(503)), notices: [WRONG] },
  { name: '507: storage full', fault: at('PATCH', [0], answer(507)), notices: [WRONG] },
  {
    name: 'answer that is not HTTP',
    fault: at('PATCH', [0], answer(204, { ...TUS, 'Upload-Offset': 'x' })),
  },
]

describe('uplink', { timeout: 110_000 }, () => {
  let cloud: FakeCloud
  let frames: Frame[]
  before(async () => {
    cloud = await new FakeCloud().start()
    // 12.28 s: two slices, the second of which ends with the recording
    frames = (await framesOf(clip('clip.h264'), 'h264', { audioPath: clip('clip.aac') })).filter(
      ({ ptsMs }) => ptsMs < 12_280,
    )
  })
  after(() => cloud.stop())

  const fresh = (): void => {
    counts.clear()
    cloud.slices.clear()
    cloud.requests.length = 0
    cloud.fault = () => undefined
    cloud.plan = FULL_TIME
    cloud.strictTokens = false
  }

  for (const { name, fault, notices = undefined, timeoutMs } of CASES)
    test(name, async () => {
      fresh()
      cloud.fault = fault
      const camera = new TestCamera()
      await camera.open({ ...IDENTITY, cloudUrl: cloud.mqttUrl })
      if (timeoutMs !== undefined) camera.storage.setCsTransTime(timeoutMs, timeoutMs)
      await camera.started
      assert.deepEqual(await camera.record(frames, 30), [])
      if (timeoutMs !== undefined) camera.storage.setCsTransTime(6000, 5000)
      await camera.close()
      assert.ok(cloud.bytes.equals(await muxedTs(frames)), 'every byte, once')
      assert.equal(camera.slices.length, 2)
      assert.ok(camera.slices.every(({ state }) => state === iv_cs_upload_state_e.IV_CS_UPLOAD_OK))
      for (const slice of cloud.slices.values()) assert.equal(slice.length, slice.bytes.length)
      if (notices)
        assert.deepEqual(
          camera.notices.filter(
            (type) => type !== iv_cs_notify_msg_type_e.IV_CS_AV_UPLOAD_STATE_MSG,
          ),
          notices,
        )
    })

  test('pieces cover the slice without gaps, final when it has ended', async () => {
    fresh()
    const camera = new TestCamera()
    await camera.open({ ...IDENTITY, cloudUrl: cloud.mqttUrl })
    await camera.started
    await camera.record(frames, 30)
    await camera.close()
    for (const { bytes, indexes, start } of cloud.slices.values()) {
      const pieces = new Map(
        indexes.flatMap((index) => index.pieces).map((piece) => [piece.o, piece]),
      )
      let offset = 0
      for (const piece of [...pieces.values()].sort((a, b) => a.o - b.o)) {
        assert.equal(piece.o, offset)
        assert.equal(piece.open, undefined)
        assert.equal(piece.k, 1)
        assert.equal(
          piece.t,
          start.startUtcMs + Math.round((piece.t - start.startUtcMs) / 2000) * 2000,
        )
        offset += piece.b
      }
      assert.equal(offset, bytes.length)
      assert.ok(indexes.at(-1)!.end, 'the last append says how it ended')
      assert.ok(indexes.slice(0, -1).every(({ end }) => end === undefined))
    }
  })

  test('400: the slice is given up, told of once, and the next one goes through', async () => {
    fresh()
    const camera = new TestCamera()
    await camera.open({ ...IDENTITY, cloudUrl: cloud.mqttUrl })
    await camera.started
    const half = frames.filter(({ ptsMs }) => ptsMs < 5000)
    assert.deepEqual(await camera.record(half, 30), [])
    await waitFor(() => cloud.requests.some(({ method }) => method === 'PATCH'))
    // the first slice goes on for another 5 s: however its appends fall, the next one is its own
    cloud.fault = at('PATCH', [0], answer(400))
    const rest = frames.filter(({ ptsMs }) => ptsMs >= 5000)
    assert.deepEqual(await camera.record(rest, 30), [])
    await camera.close()
    assert.deepEqual(
      camera.slices.map(({ state }) => state),
      [iv_cs_upload_state_e.IV_CS_UPLOAD_ERR, iv_cs_upload_state_e.IV_CS_UPLOAD_OK],
    )
    assert.ok(camera.slices[0]!.upload_size < camera.slices[0]!.total_size)
  })

  for (const status of [401, 403, 404, 409, 412, 413, 415, 460, 429, 500, 503, 507])
    test(`${status} for good is no storm of requests`, async () => {
      fresh()
      cloud.fault = ({ method }) => (method === 'PATCH' ? answer(status) : undefined)
      const camera = new TestCamera()
      await camera.open({ ...IDENTITY, cloudUrl: cloud.mqttUrl })
      await camera.started
      await camera.record(frames.filter(({ ptsMs }) => ptsMs < 400))
      await new Promise((resolve) => setTimeout(resolve, 500))
      assert.ok(cloud.requests.length < 30, `${cloud.requests.length} requests within 0.5 s`)
      cloud.fault = () => undefined
      camera.storage.setCsTransTime(50, 50)
      await camera.close()
    })

  test('402: waits for the plan, goes on when it is back', async () => {
    fresh()
    let refusing = false
    cloud.fault = ({ method }) => (refusing && method !== 'HEAD' ? answer(402) : undefined)
    const camera = new TestCamera()
    await camera.open({ ...IDENTITY, cloudUrl: cloud.mqttUrl })
    await camera.started
    const half = frames.filter(({ ptsMs }) => ptsMs < 5000)
    await camera.record(half, 30)
    refusing = true
    const rest = frames.filter(({ ptsMs }) => ptsMs >= 5000)
    const recording = camera.record(rest, 30)
    await waitFor(() => camera.storage.stats(0)?.uplink === 'plan')
    refusing = false
    // the plan was renewed: another look-back, the same type
    cloud.control(IDENTITY.productId, IDENTITY.deviceName, 0, { ...FULL_TIME, _sys_cs_days: 30 })
    assert.deepEqual(await recording, [])
    await camera.close()
    assert.ok(cloud.bytes.equals(await muxedTs(frames)))
  })

  test('tokens that live for seconds are renewed without a word', async () => {
    fresh()
    cloud.strictTokens = true
    cloud.tokenLifeMs = 150
    const before = cloud.tokens
    const camera = new TestCamera()
    await camera.open({ ...IDENTITY, cloudUrl: cloud.mqttUrl })
    await camera.started
    assert.deepEqual(await camera.record(frames, 15), [])
    await camera.close()
    cloud.tokenLifeMs = 3_600_000
    assert.ok(cloud.tokens - before >= 3, `${cloud.tokens - before} tokens`)
    assert.ok(cloud.bytes.equals(await muxedTs(frames)))
  })

  test('a full buffer refuses frames until the next IDR after there is room', async () => {
    fresh()
    let away = true
    cloud.fault = () => (away ? { kind: 'cut' } : undefined)
    const camera = new TestCamera()
    await camera.open({ ...IDENTITY, cloudUrl: cloud.mqttUrl }, { u32MaxGopSize: 256 * 1024 })
    await camera.started
    const refused = await camera.record(
      frames.filter(({ ptsMs }) => ptsMs < 10_000),
      1000,
    )
    assert.ok(refused.length > 0)
    assert.deepEqual([...new Set(refused)], [-613], 'IV_ERR_CS_HTTP_DATA_FAIL while it is full')
    away = false
    await camera.storage.drained(0)
    // from the middle of a GOP
    const rest = frames.filter(({ ptsMs }) => ptsMs >= 9000)
    const late = await camera.record(rest)
    assert.deepEqual(late, new Array(25).fill(-611), 'IV_ERR_CS_NEED_IDR_FRAME until 10 s')
    await camera.close()
    assert.ok(camera.slices.every(({ state }) => state === iv_cs_upload_state_e.IV_CS_UPLOAD_OK))
  })

  test('plan off stops, plan on starts, each told of once', async () => {
    fresh()
    const camera = new TestCamera()
    await camera.open({ ...IDENTITY, cloudUrl: cloud.mqttUrl })
    await camera.started
    await camera.record(frames.filter(({ ptsMs }) => ptsMs < 3000))
    cloud.control(IDENTITY.productId, IDENTITY.deviceName, 0, NONE)
    await waitFor(() => camera.stops === 1)
    assert.equal(camera.push(frames[0]!), -607, 'IV_ERR_CS_APPLY_NO_SERVICE')
    cloud.control(IDENTITY.productId, IDENTITY.deviceName, 0, FULL_TIME)
    await waitFor(() => camera.starts === 2)
    assert.equal(camera.stops, 1)
    await camera.close()
  })
})

const waitFor = async (condition: () => boolean): Promise<void> => {
  for (let turn = 0; turn < 500 && !condition(); turn++)
    await new Promise((resolve) => setTimeout(resolve, 10))
  assert.ok(condition(), 'waited 5 s')
}
