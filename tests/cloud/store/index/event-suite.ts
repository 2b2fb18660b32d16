import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type {
  EventBeginning,
  EventEnding,
} from '../../../../cloud/server/store/index/event-store.ts'
import type { Device, IndexStore } from '../../../../cloud/server/store/index/types.ts'
import { pieces, SECRET, sliceId, sliceStart } from '../../support/device.ts'

const T0 = 1_780_000_000_000

/** The events of every index store pass this. */
export const eventStoreSuite = (name: string, open: () => Promise<IndexStore>): void => {
  describe(`events of index store: ${name}`, () => {
    let index: IndexStore
    let device: Device
    let devices = 0
    before(async () => {
      index = await open()
    })
    after(() => index.close())

    const fresh = async (): Promise<Device> => {
      const deviceName = `cam${++devices}`
      const given = { productId: 'P1', deviceName, secret: SECRET, label: '', createdMs: T0 }
      device = (await index.createDevice(given))!
      return device
    }
    const beginning = (number: number, startMs = T0, more: Partial<EventBeginning> = {}) => ({
      deviceId: device.id,
      channel: 0,
      key: sliceId(number),
      eventId: 5,
      info: 'et=5;',
      ai: 1,
      isMoment: false,
      startMs,
      videoStartMs: startMs - 1000,
      ...more,
    })
    const ending = (number: number, startMs: number, endMs: number): EventEnding => ({
      ...beginning(number, startMs),
      endMs,
      videoEndMs: endMs,
      video: 'whole',
    })
    const range = (fromMs: number, toMs: number, limit = 100) =>
      index.events.events({ deviceId: device.id, fromMs, toMs, limit })

    test('begun, ended, read back; nothing that came meanwhile is lost', async () => {
      await fresh()
      const { events } = index
      await events.begin(beginning(1))
      const running = await events.event(device.id, 0, sliceId(1))
      assert.deepEqual(running, {
        ...beginning(1),
        endMs: null,
        videoEndMs: null,
        video: 'none',
        pictureType: null,
        pictureBytes: 0,
        aiText: null,
        chargedMs: 0,
      })
      assert.equal(await events.setPicture(running, 'image/jpeg', 123), true)
      assert.equal(await events.setAiText(running, 'fell'), true)
      await events.setCharge(running, 77)
      await events.end(ending(1, T0, T0 + 10_000))
      // late
      await events.begin(beginning(1, T0 + 5))
      assert.deepEqual(await events.event(device.id, 0, sliceId(1)), {
        ...ending(1, T0, T0 + 10_000),
        pictureType: 'image/jpeg',
        pictureBytes: 123,
        aiText: 'fell',
        chargedMs: 77,
      })
    })

    test('an end without a beginning; a moment is over at once', async () => {
      await fresh()
      await index.events.end(ending(1, T0, T0 + 10))
      await index.events.begin(beginning(2, T0 + 1, { isMoment: true, videoStartMs: T0 + 1 }))
      assert.deepEqual(
        (await range(T0, T0 + 100)).map(({ endMs, isMoment }) => [endMs, isMoment]),
        [
          [T0 + 10, false],
          [T0 + 1, true],
        ],
      )
    })

    test('ranges are half-open, in order of time, of one device, limited', async () => {
      const other = await fresh()
      await index.events.begin(beginning(9, T0))
      await fresh()
      for (const at of [300, 100, 200]) await index.events.begin(beginning(at, T0 + at))
      await index.events.begin(beginning(200, T0 + 200, { channel: 1 }))
      const starts = async (fromMs: number, toMs: number, limit?: number) =>
        (await range(T0 + fromMs, T0 + toMs, limit)).map(({ startMs }) => startMs - T0)
      assert.deepEqual(await starts(100, 300), [100, 200, 200])
      assert.deepEqual(await starts(0, 1000, 2), [100, 200])
      const ofChannel = { deviceId: device.id, channel: 1, fromMs: T0, toMs: T0 + 1000, limit: 9 }
      assert.equal((await index.events.events(ofChannel)).length, 1)
      assert.equal(
        (await index.events.events({ ...ofChannel, deviceId: other.id, channel: 0 })).length,
        1,
      )
    })

    test('ended events whose video touches a range', async () => {
      await fresh()
      await index.events.end(ending(1, T0, T0 + 10_000))
      await index.events.end(ending(2, T0 + 20_000, T0 + 30_000))
      await index.events.begin(beginning(3, T0))
      await index.events.begin(beginning(4, T0, { isMoment: true }))
      const keys = async (fromMs: number, toMs: number) =>
        (await index.events.withVideo(device.id, 0, T0 + fromMs, T0 + toMs)).map(({ key }) => key)
      assert.deepEqual(await keys(10_000, 12_000), [sliceId(1)])
      assert.deepEqual(await keys(10_001, 18_999), [])
      assert.deepEqual(await keys(5000, 19_000), [sliceId(1), sliceId(2)])
    })

    test('what is not there cannot be changed', async () => {
      await fresh()
      const nothing = { deviceId: device.id, channel: 0, key: sliceId(1) }
      assert.equal(await index.events.event(device.id, 0, sliceId(1)), undefined)
      assert.equal(await index.events.setPicture(nothing, 'image/png', 1), false)
      assert.equal(await index.events.setAiText(nothing, 'x'), false)
    })

    test('destroying takes slices and events of that device only; the device stays', async () => {
      const other = await fresh()
      await index.events.begin(beginning(1))
      await fresh()
      await index.events.begin(beginning(1))
      const slice = { ...sliceStart(), deviceId: device.id, channel: 0, bytes: 1000 }
      await index.putSlices([{ ...slice, state: 'done', pieces: pieces(1) }])
      await index.markDestroyed(device.id, T0 + 5)
      await index.deleteRecordings(device.id)
      assert.equal(await index.slice(device.id, 0, slice.id), undefined)
      assert.deepEqual(await range(0, T0 * 2), [])
      assert.equal((await index.device('P1', device.deviceName))?.destroyedMs, T0 + 5)
      assert.ok(await index.events.event(other.id, 0, sliceId(1)))
    })

    test('events go with their device', async () => {
      await fresh()
      await index.events.begin(beginning(1))
      await index.deleteDevice(device.id)
      assert.deepEqual(await range(0, T0 * 2), [])
    })
  })
}
