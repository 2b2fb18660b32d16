import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Device, IndexStore, Slice } from '../../../../cloud/server/store/index/types.ts'
import { pieces, SECRET, sliceId, sliceStart } from '../../support/device.ts'

const T0 = 1_780_000_000_000
const HOUR = 3_600_000

/** Slices that wait for an event: every index store passes this. */
export const claimStoreSuite = (name: string, open: () => Promise<IndexStore>): void => {
  describe(`claims of index store: ${name}`, () => {
    let index: IndexStore
    let device: Device

    before(async () => {
      index = await open()
      const made = { productId: 'P1', deviceName: 'cam1', secret: SECRET, label: '', createdMs: T0 }
      device = (await index.createDevice(made))!
    })
    after(() => index.close())

    /** Ten seconds, a minute after the one before. */
    const slice = (channel: number, number: number): Slice => ({
      ...sliceStart({ id: sliceId(number), startUtcMs: T0 + number * 60_000 }),
      deviceId: device.id,
      channel,
      state: 'done',
      bytes: 5000,
      pieces: pieces(5, { startMs: T0 + number * 60_000 }),
    })
    const record = async (channel: number, ...numbers: number[]): Promise<void> => {
      const slices = numbers.map((number) => slice(channel, number))
      await index.putSlices(slices)
      await index.claims.wait(slices, T0)
    }
    const event = (channel: number, from: number, to: number | undefined) => {
      const startMs = T0 + from * 60_000
      const begin = {
        ...{ deviceId: device.id, channel, key: sliceId(from), eventId: 1, info: '', ai: 0 },
        ...{ isMoment: false, startMs, videoStartMs: startMs },
      }
      if (to === undefined) return index.events.begin(begin)
      const endMs = T0 + to * 60_000
      return index.events.end({ ...begin, endMs, videoEndMs: endMs, video: 'whole' })
    }
    const overdue = async (channel: number, beforeMs = T0 + 1): Promise<number[]> =>
      (await index.claims.overdue(device.id, channel, beforeMs, 100)).map(({ id }) =>
        Number(id.slice(-8)),
      )
    const waiting = (channel: number) => index.claims.waitingMs(device.id, channel)

    test('what no event covers is overdue once its time is over, oldest first', async () => {
      await record(0, 2, 1, 3)
      await index.putSlices([slice(0, 4)])
      assert.deepEqual(await overdue(0, T0), [])
      assert.deepEqual(await overdue(0), [1, 2, 3], 'the fourth does not wait')
      assert.equal((await index.claims.overdue(device.id, 0, T0 + 1, 2)).length, 2)
      assert.equal(await waiting(0), 30_000)
      assert.deepEqual([await overdue(1), await waiting(1)], [[], 0], 'another channel')
    })

    test('an event claims what its video touches, also while it runs; when it ended, for good', async () => {
      await record(1, 1, 2, 3, 8)
      await event(1, 2, undefined)
      assert.deepEqual(await overdue(1), [1])
      assert.equal(await waiting(1), 10_000)
      await index.claims.settle(device.id, 1)
      await event(1, 2, 3)
      assert.deepEqual(await overdue(1), [1, 8])
      await index.claims.settle(device.id, 1)
      await index.events.deleteEvents(device.id, 1, [sliceId(2)])
      assert.deepEqual(await overdue(1), [1, 8], 'its video was claimed')
      await index.claims.release(device.id, 1)
      assert.deepEqual(await overdue(1), [])
    })

    test('a moment claims nothing; ten seconds around an event belong to it', async () => {
      await record(2, 1, 2)
      await index.events.begin({
        ...{ deviceId: device.id, channel: 2, key: sliceId(1), eventId: 1, info: '', ai: 0 },
        ...{ isMoment: true, startMs: T0 + 60_000, videoStartMs: T0 + 60_000 },
      })
      assert.deepEqual(await overdue(2), [1, 2])
      const startMs = T0 + 60_000 + 19_999
      await index.events.end({
        ...{ deviceId: device.id, channel: 2, key: sliceId(9), eventId: 1, info: '', ai: 0 },
        ...{ isMoment: false, startMs, videoStartMs: startMs },
        ...{ endMs: startMs + 1000, videoEndMs: startMs + 1000, video: 'none' },
      })
      assert.deepEqual(await overdue(2), [2])
    })

    test('neither a pin nor a running export loses its slice; a pin does not wait either', async () => {
      await record(3, 1, 2, 3)
      const of = { deviceId: device.id, channel: 3, createdMs: T0, createdBy: 'admin' }
      const range = (number: number) => ({
        startMs: T0 + number * 60_000,
        endMs: T0 + number * 60_000 + 1000,
      })
      await index.pins.put({ ...of, ...range(1), id: 'pin', eventKey: null, note: '' })
      await index.exports.put({
        ...{ ...of, ...range(2), id: 'job', state: 'running', progress: 0, bytes: 0 },
        ...{ durationMs: 0, reason: '', expiresMs: 0 },
      })
      assert.deepEqual(await overdue(3), [3])
      assert.equal(await waiting(3), 20_000)
    })

    test('a slice that is gone on with waits anew; an open one is not overdue; a deleted one is forgotten', async () => {
      await record(4, 1)
      await index.claims.wait([slice(4, 1)], T0 + HOUR)
      assert.deepEqual(await overdue(4), [])
      await index.putSlices([{ ...slice(4, 2), state: 'open' }])
      await index.claims.wait([slice(4, 2)], T0)
      assert.deepEqual(await overdue(4), [])
      await index.deleteSlices(device.id, 4, [sliceId(1), sliceId(2)])
      await index.claims.settle(device.id, 4)
      await index.putSlices([slice(4, 1)])
      assert.deepEqual(await overdue(4, T0 + 2 * HOUR), [])
    })

    test('a device that is gone takes what waits with it', async () => {
      await index.deleteDevice(device.id)
      assert.deepEqual(await overdue(0), [])
      await index.claims.wait([slice(0, 1)], T0)
      assert.deepEqual(await overdue(0), [])
    })
  })
}
