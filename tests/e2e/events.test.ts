import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  iv_cs_ai_type_e,
  iv_cs_event_report_opt_e,
  iv_cs_format_e,
  iv_cs_type_e,
  iv_err_code_e,
} from '../../runtime/index.ts'
import { openCloud, type TestCloud, until } from '../cloud/support/cloud.ts'
import { type Frame, framesOf } from '../support/frames.ts'
import { call, register, slicesOf } from './support/cloud-client.ts'
import { EventCamera } from './support/event-camera.ts'

const clip = (name: string): string =>
  fileURLToPath(new URL(`../../tools/demo/${name}`, import.meta.url))
const JPEG = new Uint8Array([
  0xff,
  0xd8,
  0xff,
  0xe0,
  ...Array.from({ length: 4000 }, (_, at) => at & 255),
])

type EventView = {
  key: string
  eventId: number
  info: string
  startMs: number
  endMs: number
  videoStartMs: number
  videoEndMs: number
  state: string
  video: string
  recordedMs: number
  picture: string | null
  playlist: string | null
  isMoment: boolean
  aiText: string | null
}
type Identity = Awaited<ReturnType<typeof register>>

describe('events from the app to the list', { timeout: 110_000 }, () => {
  let cloud: TestCloud
  let frames: Frame[]
  let camera: EventCamera
  let identity: Identity
  let names = 0

  before(async () => {
    cloud = await openCloud({ logLevel: 'warn' })
    frames = await framesOf(clip('clip.h264'), 'h264', { audioPath: clip('clip.aac') })
  })
  after(() => cloud.remove())

  const open = async (
    plan: object,
    rule = iv_cs_event_report_opt_e.CS_EVENT_VIDEO_REQ,
    format = iv_cs_format_e.IV_CS_FORMAT_TS,
  ) => {
    identity = await register(cloud, `events${++names}`, 0, plan)
    camera = new EventCamera()
    await camera.open(identity, { event_report_opt: rule, cs_fmt: format })
  }
  const path = () => `/api/devices/${identity.productId}/${identity.deviceName}`
  const events = async (): Promise<EventView[]> => {
    const range = `from=${Date.now() - 600_000}&to=${Date.now() + 60_000}`
    const answer = await call(cloud, 'GET', `${path()}/events?${range}`)
    return ((await answer.json()) as { events: EventView[] }).events
  }
  const until1 = (what: string) => until(what, () => camera.told.includes(what), 15_000)
  const before10 = () => frames.filter(({ ptsMs }) => ptsMs < 10_000)

  for (const format of [iv_cs_format_e.IV_CS_FORMAT_TS, iv_cs_format_e.IV_CS_FORMAT_FMP4])
    test(`event plan, ${iv_cs_format_e[format]}: pre-recorded burst, picture, stop, result, listed and playable`, async () => {
      await open({ type: 'event' }, undefined, format)
      camera.picture = JPEG
      const { storage, told } = camera
      const first = frames[0]!
      assert.equal(
        camera.push(first),
        iv_err_code_e.IV_ERR_CS_APPLY_NO_SERVICE,
        'an event plan does not record by itself',
      )
      const calledMs = Date.now()
      assert.equal(storage.startCsEventExt(0, 7, 'et=7;', 0, 10), 0)
      await until1('start')
      assert.deepEqual(await camera.burst(before10()), [])
      assert.equal(storage.stopCsEvent(0, 7, 'et=7;'), 0)
      await until1('result 7 1')
      assert.deepEqual(
        told.filter((line) => !line.startsWith('picture')),
        ['capture 7', 'start', 'stop', 'result 7 1'],
      )
      assert.deepEqual([camera.lent, told.includes('picture 0')], [0, true])

      const [event, ...more] = await events()
      assert.equal(more.length, 0)
      assert.ok(event)
      assert.deepEqual(
        [event.eventId, event.info, event.state, event.video, event.isMoment],
        [7, 'et=7;', 'finished', 'whole', false],
      )
      assert.ok(Math.abs(event.startMs - calledMs) < 1000)
      assert.equal(event.startMs - event.videoStartMs, 10_000)
      assert.equal(event.recordedMs, 10_000, '250 pictures, 40 ms each')
      const picture = await call(cloud, 'GET', event.picture!)
      assert.deepEqual(new Uint8Array(await picture.arrayBuffer()), JPEG)
      const playlist = await (await call(cloud, 'GET', event.playlist!)).text()
      const firstUtc = /#EXT-X-PROGRAM-DATE-TIME:(\S+)/.exec(playlist)?.[1]
      assert.equal(Date.parse(firstUtc ?? ''), event.videoStartMs, 'the first picture is 10 s old')
      const durations = [...playlist.matchAll(/#EXTINF:([\d.]+)/g)].map(([, s]) => Number(s))
      assert.equal(durations.reduce((sum, s) => sum + s, 0).toFixed(3), '10.000')
      assert.match(playlist, /#EXT-X-ENDLIST/)
      await camera.close()
    })

  test('parallel events share one recording: a frame is uploaded once', async () => {
    await open({ type: 'event' })
    const { storage } = camera
    assert.equal(storage.startCsEventExt(0, 1, null, 10, 10), 0)
    await until1('start')
    await camera.burst(frames.filter(({ ptsMs }) => ptsMs < 5000))
    assert.equal(storage.startCsEventExt(0, 2, null, 5, 5), 0)
    assert.equal(storage.startCsEvent(0, 2, null), iv_err_code_e.IV_ERR_CS_EVENT_IS_VALID)
    await until1('capture 2')
    await camera.burst(frames.filter(({ ptsMs }) => ptsMs >= 5000 && ptsMs < 10_000))
    storage.stopCsEvent(0, 1, null)
    storage.stopCsEvent(0, 2, null)
    await until1('result 1 1')
    await until1('result 2 1')
    assert.equal(camera.told.filter((line) => line === 'start').length, 1)
    assert.equal(camera.told.filter((line) => line === 'stop').length, 1)
    const slices = await slicesOf(cloud, identity)
    assert.equal(
      slices.reduce((sum, slice) => sum + (slice.frames ?? 0), 0),
      250,
    )
    assert.deepEqual(
      (await events()).map(({ eventId, video }) => [eventId, video]),
      [
        [1, 'whole'],
        [2, 'whole'],
      ],
    )
    await camera.close()
  })

  test('full-time plan: neither start nor stop for an event, but its picture; the slice goes on', async () => {
    await open({ type: 'full' })
    camera.picture = JPEG
    const { storage } = camera
    await until1('start')
    camera.told.length = 0
    await camera.burst(frames.filter(({ ptsMs }) => ptsMs < 3000))
    assert.equal(storage.startCsEvent(0, 3, null), 0)
    await until1('capture 3')
    await camera.burst(frames.filter(({ ptsMs }) => ptsMs >= 3000 && ptsMs < 6000))
    assert.equal(storage.stopCsEvent(0, 3, null), 0)
    await until1('result 3 1')
    assert.deepEqual(
      camera.told.filter((line) => !line.startsWith('picture')),
      ['capture 3', 'result 3 1'],
    )
    assert.equal((await slicesOf(cloud, identity))[0]?.state, 'open')
    await camera.close()
  })

  test('without a plan: a direct report with a picture gets through, an event does not', async () => {
    await open({ type: 'none' })
    const { storage } = camera
    assert.equal(storage.startCsEvent(0, 1, null), iv_err_code_e.IV_ERR_CS_APPLY_NO_SERVICE)
    const picture = JPEG.slice()
    const report = storage.reportCsEventDirectly(0, 32, 'motion', 0, picture, picture.length)
    picture.fill(0) // known callers free it at once
    assert.equal(await report, 0)
    const [event] = await events()
    assert.deepEqual(
      [event?.eventId, event?.info, event?.isMoment, event?.state],
      [32, 'motion', true, 'finished'],
    )
    const stored = await call(cloud, 'GET', event!.picture!)
    assert.deepEqual(new Uint8Array(await stored.arrayBuffer()), JPEG)
    assert.equal(await storage.reportCsEventDirectly(0, 1, null, 0), 0, 'no picture')
    await camera.close()
  })

  test('a free trial: its seconds are exact as soon as the result is told', async () => {
    await open({ type: 'trial', trialSec: 60 })
    const { storage } = camera
    assert.deepEqual(camera.told, [], 'no callback on activation')
    assert.equal((await camera.balance(0))?.free_trial_remaining_sec, 60)
    storage.startCsEventExt(0, 1, null, 0, 10)
    await until1('start')
    await camera.burst(before10())
    storage.stopCsEvent(0, 1, null)
    await until1('result 1 1')
    const cached = await camera.balance(0)
    assert.deepEqual(
      [cached?.free_trial_remaining_sec, cached?.cs_type],
      [50, iv_cs_type_e.CS_TYPE_FREE_TRIAL],
    )
    assert.equal((await camera.balance(5))?.free_trial_remaining_sec, 50)
    await camera.close()
  })

  test('a plan that ends during an event: stop callback and a result', async () => {
    await open({ type: 'event' })
    camera.storage.startCsEventExt(0, 1, null, 0, 10)
    await until1('start')
    await camera.burst(before10())
    // what was begun under the plan may be completed; what never reached the cloud may not be begun
    await until('the slice', async () => (await slicesOf(cloud, identity)).length === 1)
    await call(cloud, 'PUT', `${path()}/channels/0/plan`, { type: 'none' })
    await until1('result 1 1')
    assert.deepEqual(camera.told, ['capture 1', 'start', 'stop', 'result 1 1'])
    assert.equal(camera.push(frames[0]!), iv_err_code_e.IV_ERR_CS_APPLY_NO_SERVICE)
    await camera.close()
  })

  test('AI: what was set travels with the event, and the result comes back', async () => {
    await open({ type: 'event' }, iv_cs_event_report_opt_e.CS_EVENT_PIC_REQ)
    camera.picture = JPEG
    const { storage } = camera
    const { CS_AI_TYPE_FALL_DETECT, CS_AI_TYPE_CLOSE } = iv_cs_ai_type_e
    assert.equal(storage.setCsAiProcess(0, 4, CS_AI_TYPE_FALL_DETECT, null), 0)
    const process = { ai_type: CS_AI_TYPE_CLOSE }
    assert.equal(storage.getCsAiProcess(0, 4, process, null), 0)
    assert.equal(process.ai_type, CS_AI_TYPE_FALL_DETECT)
    storage.startCsEvent(0, 4, null)
    await until1('picture 0')
    storage.stopCsEvent(0, 4, null)
    await until1('result 4 1')
    const [event] = await events()
    const done = await call(cloud, 'POST', `${path()}/channels/0/events/${event!.key}/ai`, {
      text: 'a person fell',
      expiresAtMs: 1_800_000_000_000,
    })
    assert.equal(done.status, 200)
    await until('the notice', () => camera.notices.length > 0)
    assert.deepEqual(camera.notices, [
      [1, 1_800_000_000, { event_key: event!.key, event_id: 4, text: 'a person fell' }],
    ])
    assert.equal(storage.setCsAiProcess(0, 4, CS_AI_TYPE_CLOSE, null), 0)
    storage.getCsAiProcess(0, 4, process, null)
    assert.equal(process.ai_type, CS_AI_TYPE_CLOSE)
    await camera.close()
  })

  test('destroy: everything is gone, recording stops, nothing comes back; again does no harm', async () => {
    await open({ type: 'full' })
    camera.picture = JPEG
    const { storage } = camera
    await until1('start')
    storage.startCsEvent(0, 1, null)
    await camera.burst(before10())
    await until1('picture 0')
    assert.equal(await storage.destroyCsResource(5000), 0)
    assert.ok(camera.told.includes('stop'))
    assert.ok(camera.told.includes('result 1 0'), 'the event that ran has failed')
    assert.equal(camera.push(frames[0]!), iv_err_code_e.IV_ERR_CS_APPLY_NO_SERVICE)
    assert.equal((await camera.balance(0))?.cs_type, iv_cs_type_e.CS_TYPE_NONE)
    assert.equal(await storage.destroyCsResource(5000), 0)
    await until('an empty ring', () => storage.stats(0)?.bufferedBytes === 0)
    assert.deepEqual(await slicesOf(cloud, identity), [])
    assert.deepEqual(await events(), [])
    // a new plan records anew, with a token of its own
    await call(cloud, 'PUT', `${path()}/channels/0/plan`, { type: 'full' })
    await until('another start', () => camera.told.filter((line) => line === 'start').length === 2)
    await camera.burst(before10())
    await until('the new recording', async () => (await slicesOf(cloud, identity)).length === 1)
    await camera.close()
    assert.equal((await slicesOf(cloud, identity))[0]?.frames, 250)
  })

  test('destroy without a cloud: times out', async () => {
    const lonely = new EventCamera()
    await lonely.system.init({ ...identity, cloudUrl: 'mqtt://127.0.0.1:1' })
    const startMs = performance.now()
    assert.equal(
      await lonely.storage.destroyCsResource(300),
      iv_err_code_e.IV_ERR_SYS_COMMUNICATE_TIMEOUT,
    )
    assert.ok(performance.now() - startMs < 2000)
    assert.equal(await lonely.storage.destroyCsResource(0), iv_err_code_e.IV_ERR_CS_INIT_PRM_RANGE)
    await lonely.system.exit()
  })
})
