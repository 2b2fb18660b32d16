import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { until } from '../cloud/support/cloud.ts'
import { framesOf } from '../support/frames.ts'
import { reservePort } from '../support/ports.ts'
import { call, register, slicesOf } from './support/cloud-client.ts'
import { CloudProcess } from './support/cloud-process.ts'
import { EventCamera } from './support/event-camera.ts'

const CLIP = fileURLToPath(new URL('../../tools/demo/clip.h264', import.meta.url))
const PICTURE = new Uint8Array(20_000).fill(0xff)
const UPLOAD_MS = 700
const REPLY_MS = 600
/** What timers and callbacks may add on a busy machine. */
const SLACK_MS = 700

type View = {
  eventId: number
  state: string
  video: string
  recordedMs: number
  picture: string | null
}

test('the cloud dies during an event: the result comes in time and says so, the event is whole in the cloud later', {
  timeout: 110_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'skyrill-events-'))
  const cloud = new CloudProcess(folder, [await reservePort(), await reservePort()])
  const address = await cloud.start()
  const identity = await register(address, 'camera', 0, { type: 'event' })
  const camera = new EventCamera()
  const told = (what: string) => until(what, () => camera.told.includes(what), 20_000)
  const events = async (): Promise<View[]> => {
    const range = `from=${Date.now() - 600_000}&to=${Date.now() + 60_000}`
    const path = `/api/devices/${identity.productId}/${identity.deviceName}/events?${range}`
    return ((await (await call(address, 'GET', path)).json()) as { events: View[] }).events
  }
  try {
    const frames = (await framesOf(CLIP, 'h264')).filter(({ ptsMs }) => ptsMs < 10_000)
    await camera.open(identity)
    camera.storage.setCsTransTime(UPLOAD_MS, REPLY_MS)
    assert.equal(camera.storage.startCsEventExt(0, 1, 'dark', 0, 10), 0)
    await told('start')
    await camera.burst(frames.slice(0, 100))
    await until('the slice', async () => (await slicesOf(address, identity)).length === 1)
    await cloud.kill()
    camera.picture = PICTURE
    assert.equal(camera.storage.startCsEventExt(0, 2, 'darker', 5, 5), 0)
    await told('capture 2')
    await camera.burst(frames.slice(100))
    const stoppedMs = performance.now()
    camera.storage.stopCsEvent(0, 1, 'dark')
    camera.storage.stopCsEvent(0, 2, 'darker')
    await told('result 1 0')
    await told('result 2 0')
    const tookMs = performance.now() - stoppedMs
    assert.ok(tookMs <= UPLOAD_MS + REPLY_MS + SLACK_MS, `${tookMs} ms`)
    await told('picture -613')
    assert.equal(camera.lent, 0, 'the picture is the app’s again')
    assert.ok(camera.told.indexOf('stop') < camera.told.indexOf('result 1 0'))

    await cloud.start()
    await until(
      'both events in the cloud',
      async () => (await events()).filter(({ state }) => state === 'finished').length === 2,
      60_000,
    )
    const [first, second] = (await events()).sort((a, b) => a.eventId - b.eventId)
    assert.deepEqual([first?.eventId, first?.video, first?.recordedMs], [1, 'whole', 10_000])
    assert.deepEqual([second?.eventId, second?.video], [2, 'whole'])
    await until(
      'its picture, which was too late for the result',
      async () => (await events()).some(({ eventId, picture }) => eventId === 2 && picture),
      60_000,
    )
    assert.equal(camera.results.length, 2, 'the results are not given again')
    await camera.close()
  } finally {
    await cloud.kill()
    rmSync(folder, { recursive: true, force: true })
  }
})

test('the module is left during an event: stop, picture and result are given, and it can be entered again', {
  timeout: 60_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'skyrill-events-'))
  const cloud = new CloudProcess(folder, [await reservePort(), await reservePort()])
  const address = await cloud.start()
  const identity = await register(address, 'camera', 0, { type: 'event' })
  try {
    const frames = (await framesOf(CLIP, 'h264')).filter(({ ptsMs }) => ptsMs < 4000)
    const camera = new EventCamera()
    camera.picture = PICTURE
    for (const turn of [1, 2]) {
      camera.told.length = 0
      if (turn === 1) await camera.open(identity)
      else await camera.enter()
      assert.equal(camera.storage.startCsEventExt(0, 1, null, 0, 4), 0)
      await until('start', () => camera.told.includes('start'))
      await camera.burst(frames)
      assert.equal(await camera.storage.exitCs(), 0)
      assert.deepEqual([...camera.told].sort(), [
        'capture 1',
        'picture 0',
        'result 1 1',
        'start',
        'stop',
      ])
      assert.equal(camera.lent, 0)
    }
    await camera.system.exit()
  } finally {
    await cloud.kill()
    rmSync(folder, { recursive: true, force: true })
  }
})
