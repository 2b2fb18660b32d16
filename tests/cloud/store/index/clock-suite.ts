import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { asLabelled } from '../../../../cloud/server/store/index/rows.ts'
import type { Device, IndexStore, Slice } from '../../../../cloud/server/store/index/types.ts'
import { BOOT, pieces, SECRET, sliceId, sliceStart } from '../../support/device.ts'

const WRONG = 60_000
const SHIFT = 1_780_000_000_000

/** Corrections of clocks in every index store pass this. */
export const clockStoreSuite = (name: string, open: () => Promise<IndexStore>): void => {
  describe(`clocks of index store: ${name}`, () => {
    let index: IndexStore
    let devices = 0
    before(async () => {
      index = await open()
    })
    after(() => index.close())

    const fresh = async (): Promise<Device> => {
      const deviceName = `clock${++devices}`
      const given = { productId: 'P1', deviceName, secret: SECRET, label: '', createdMs: 0 }
      return (await index.createDevice(given))!
    }
    const sliceOf = (device: Device, number: number, more: Partial<Slice> = {}): Slice => {
      const startMs = WRONG + number * 10_000
      return {
        ...sliceStart({ id: sliceId(number), startUtcMs: startMs }),
        deviceId: device.id,
        channel: 0,
        state: 'done',
        bytes: 5000,
        pieces: pieces(5, { startMs }),
        end: { endUtcMs: startMs + 9960, endPtsMs: 9960, endSeq: 249, frames: 250, reason: 'idr' },
        ...more,
      }
    }
    const shift = (first: number, last: number, shiftMs = SHIFT) => ({
      channel: 0,
      kind: 'slice' as const,
      first,
      last,
      shiftMs,
    })
    const read = async (device: Device, number: number): Promise<Slice> =>
      (await index.slice(device.id, 0, sliceId(number)))!

    test('slices that are there are moved, with pieces and end; again it changes nothing', async () => {
      const device = await fresh()
      await index.putSlices([sliceOf(device, 1), sliceOf(device, 2), sliceOf(device, 3)])
      for (let time = 0; time < 2; time++) {
        await index.clock.correct(device.id, { bootId: BOOT, shifts: [shift(1, 2)] })
        for (const number of [1, 2]) {
          const raw = sliceOf(device, number)
          const moved = await read(device, number)
          assert.equal(moved.startUtcMs, raw.startUtcMs + SHIFT)
          assert.equal(moved.end!.endUtcMs, raw.end!.endUtcMs + SHIFT)
          assert.deepEqual(
            moved.pieces.map(({ t }) => t),
            raw.pieces.map(({ t }) => t + SHIFT),
          )
          assert.deepEqual(asLabelled(moved), raw)
        }
        assert.deepEqual(await read(device, 3), sliceOf(device, 3))
      }
      const range = { deviceId: device.id, channel: 0, fromMs: SHIFT, toMs: SHIFT + 600_000 }
      assert.equal((await index.slices(range)).length, 2)
      assert.equal((await index.timeline(range, 1000)).length, 1)
    })

    test('slices that come later are moved when they come, and when they come again', async () => {
      const device = await fresh()
      await index.clock.correct(device.id, { bootId: BOOT, shifts: [shift(1, 5)] })
      const open = sliceOf(device, 1, { state: 'cut', bytes: 2000 })
      await index.putSlices([open])
      assert.equal((await read(device, 1)).startUtcMs, open.startUtcMs + SHIFT)
      await index.putSlices([sliceOf(device, 1)])
      const moved = await read(device, 1)
      assert.equal(moved.startUtcMs, open.startUtcMs + SHIFT)
      // one that was read from the index stays where it is
      await index.putSlices([moved])
      assert.deepEqual(await read(device, 1), moved)
    })

    test('another shift of the same slices replaces the first; other boots, channels and devices stay', async () => {
      const device = await fresh()
      const other = await fresh()
      const elsewhere = sliceId(1, 'ffffffffffffffff')
      await index.putSlices([
        sliceOf(device, 1),
        sliceOf(device, 1, { channel: 1 }),
        sliceOf(device, 1, { id: elsewhere }),
        sliceOf(other, 1),
      ])
      await index.clock.correct(device.id, { bootId: BOOT, shifts: [shift(1, 1, 5000)] })
      await index.clock.correct(device.id, { bootId: BOOT, shifts: [shift(1, 1, -3000)] })
      const { startUtcMs } = sliceOf(device, 1)
      assert.equal((await read(device, 1)).startUtcMs, startUtcMs - 3000)
      assert.equal((await index.slice(device.id, 1, sliceId(1)))!.startUtcMs, startUtcMs)
      assert.equal((await index.slice(device.id, 0, elsewhere))!.startUtcMs, startUtcMs)
      assert.equal((await read(other, 1)).startUtcMs, startUtcMs)
    })

    test('events are moved too, whether they are told of before or after', async () => {
      const device = await fresh()
      const event = (number: number) => ({
        deviceId: device.id,
        channel: 0,
        key: sliceId(number),
        eventId: 5,
        info: '',
        ai: 0,
        isMoment: false,
        startMs: WRONG,
        videoStartMs: WRONG - 1000,
      })
      const ended = { endMs: WRONG + 5000, videoEndMs: WRONG + 6000, video: 'whole' as const }
      await index.events.begin(event(1))
      await index.clock.correct(device.id, {
        bootId: BOOT,
        shifts: [{ ...shift(1, 2), kind: 'event' }],
      })
      assert.equal((await index.events.event(device.id, 0, sliceId(1)))!.startMs, WRONG + SHIFT)
      for (const number of [1, 2]) await index.events.end({ ...event(number), ...ended })
      for (const number of [1, 2]) {
        const moved = (await index.events.event(device.id, 0, sliceId(number)))!
        assert.equal(moved.startMs, WRONG + SHIFT)
        assert.equal(moved.endMs, WRONG + SHIFT + 5000)
        assert.equal(moved.videoStartMs, WRONG + SHIFT - 1000)
        assert.equal(moved.videoEndMs, WRONG + SHIFT + 6000)
      }
    })
  })
}
