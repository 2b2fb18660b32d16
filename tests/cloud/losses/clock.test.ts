import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openCloud, type TestCloud } from '../support/cloud.ts'
import { BOOT, noise, pieces, sliceId, sliceStart, TestDevice } from '../support/device.ts'

const WRONG = 120_000
const SHIFT = 1_780_000_000_000

let cloud: TestCloud
before(async () => {
  cloud = await openCloud()
})
after(() => cloud.remove())

test('slices of a device that booted in 1970 stand at their true time once it knows', async () => {
  const device = new TestDevice(cloud, 'P1', 'clock1')
  await device.register()
  await device.authorize()
  try {
    const list = pieces(5, { startMs: WRONG })
    await device.upload(sliceStart({ startUtcMs: WRONG }), noise(5000), list)
    // one is still being appended to when the cloud hears of it
    const second = sliceStart({ id: sliceId(2), startUtcMs: WRONG + 10_000 })
    const pieces2 = pieces(5, { startMs: WRONG + 10_000 })
    await device.create(second)
    await device.append(second.id, 0, noise(2000), { pieces: pieces2.slice(0, 2) })
    const shifts = [{ channel: 0, kind: 'slice', first: 1, last: 2, shiftMs: SHIFT }]
    for (let time = 0; time < 2; time++) {
      const answer = await device.ask('event', 'clock_epoch', { bootId: BOOT, shifts })
      assert.ok(answer.method === 'clock_epoch_reply' && answer.code === 0)
    }
    const end = {
      endUtcMs: WRONG + 19_960,
      endPtsMs: 19_960,
      endSeq: 499,
      frames: 250,
      reason: 'idr' as const,
    }
    const done = await device.append(
      second.id,
      2000,
      noise(3000, 2),
      { pieces: pieces2.slice(2), end },
      { 'Upload-Length': '5000' },
    )
    assert.equal(done.status, 204)
    const range = `from=${WRONG + SHIFT}&to=${WRONG + SHIFT + 60_000}`
    const path = `${device.path}/channels/0`
    const timeline = async () =>
      (await (await cloud.api('GET', `${path}/timeline?${range}`)).json()) as {
        recordings: { startMs: number; endMs: number }[]
      }
    const isThere = async () => {
      const { recordings } = await timeline()
      return recordings.length === 1 && recordings[0]!.endMs === WRONG + SHIFT + 20_000
    }
    const untilMs = Date.now() + 30_000
    while (!(await isThere()) && Date.now() < untilMs)
      await new Promise((resolve) => setTimeout(resolve, 50))
    assert.deepEqual((await timeline()).recordings, [
      { startMs: WRONG + SHIFT, endMs: WRONG + SHIFT + 20_000 },
    ])
    const playlist = await (await cloud.api('GET', `${path}/playlist.m3u8?${range}`)).text()
    assert.equal(playlist.match(/EXTINF/g)?.length, 10)
    assert.ok(playlist.includes(new Date(WRONG + SHIFT).toISOString().slice(0, 19)))
  } finally {
    await device.close()
  }
})
