import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { mergeIntervals } from '../../../../cloud/server/catalog.ts'
import { sliceSpan } from '../../../../cloud/server/slice.ts'
import type { Device, IndexStore, Slice } from '../../../../cloud/server/store/index/types.ts'
import { pieces, SECRET, sliceId, sliceStart } from '../../support/device.ts'

const T0 = 1_780_000_000_000

/** A slice of five GOPs of 2 s, so 10 s, with a gap before it when asked for. */
const slice = (
  device: Device,
  number: number,
  startMs: number,
  more: Partial<Slice> = {},
): Slice => ({
  ...sliceStart({ id: sliceId(number), startUtcMs: startMs, startPtsMs: 1.5 }),
  deviceId: device.id,
  channel: 0,
  state: 'done',
  bytes: 5000,
  pieces: pieces(5, { startMs }),
  end: { endUtcMs: startMs + 10_000, endPtsMs: 10_001.5, endSeq: 250, frames: 250, reason: 'idr' },
  ...more,
})

/** Every index store passes this. */
export const indexStoreSuite = (name: string, open: () => Promise<IndexStore>): void => {
  describe(`index store: ${name}`, () => {
    let index: IndexStore
    let device: Device
    const newDevice = (deviceName: string, productId = 'P1') =>
      index.createDevice({ productId, deviceName, secret: SECRET, label: '', createdMs: T0 })

    before(async () => {
      index = await open()
      device = (await newDevice('cam1'))!
    })
    after(() => index.close())

    test('devices: names and client ids are unique', async () => {
      assert.equal(await newDevice('cam1'), undefined)
      assert.equal(
        await newDevice('1cam1', 'P'),
        undefined,
        'P + 1cam1 is the client id of P1 + cam1',
      )
      assert.deepEqual(await index.device('P1', 'cam1'), device)
      assert.deepEqual(await index.deviceByClientId('P1cam1'), device)
      assert.equal(await index.device('P1', 'cam2'), undefined)
      assert.deepEqual(
        (await index.devices()).map(({ deviceName }) => deviceName),
        ['cam1'],
      )
    })

    test('a new secret is a new epoch', async () => {
      const rotated = await index.rotateSecret(device.id, 'another secret')
      assert.deepEqual([rotated?.secret, rotated?.epoch], ['another secret', device.epoch + 1])
      assert.equal(await index.rotateSecret(999_999, 'x'), undefined)
      await index.setLastSeen(
        new Map([
          [device.id, T0 + 5],
          [999_999, T0],
        ]),
      )
      assert.equal((await index.device('P1', 'cam1'))?.lastSeenMs, T0 + 5)
    })

    test('plans are replaced', async () => {
      assert.equal(await index.plan(device.id, 2), undefined)
      const plan = (await import('../../../../cloud/server/plan.ts')).NO_PLAN
      await index.setPlan(device.id, 2, { ...plan, type: 'event', days: 3 })
      await index.setPlan(device.id, 2, { ...plan, type: 'full', enabled: true, days: 30 })
      assert.deepEqual(await index.plan(device.id, 2), {
        ...plan,
        type: 'full',
        enabled: true,
        days: 30,
      })
    })

    test('a slice comes back as it went in, and is replaced as it grows', async () => {
      const whole = slice(device, 1, T0)
      const { end: _, ...unfinished } = whole
      const open: Slice = {
        ...unfinished,
        state: 'open',
        bytes: 2500,
        pieces: [
          ...whole.pieces.slice(0, 2),
          { ...whole.pieces[2]!, b: 600, d: 33.333, n: 1, open: 1 },
        ],
      }
      await index.putSlices([open])
      assert.deepEqual(await index.slice(device.id, 0, open.id), open)
      await index.putSlices([whole])
      await index.putSlices([whole])
      assert.deepEqual(await index.slice(device.id, 0, whole.id), whole)
      assert.equal(await index.slice(device.id, 0, sliceId(999)), undefined)
      assert.equal(await index.slice(device.id, 1, whole.id), undefined)
    })

    test('slices of devices that are gone are left out, the others are kept', async () => {
      const gone = { ...slice(device, 1, T0), deviceId: 999_999 }
      await index.putSlices([gone, slice(device, 2, T0 + 10_000)])
      assert.equal((await index.slice(device.id, 0, sliceId(2)))?.id, sliceId(2))
      assert.equal(await index.slice(999_999, 0, gone.id), undefined)
    })

    test('ranges: half open, in order, by channel', async () => {
      // 1 and 2 are there: T0 to T0 + 20 s; a gap of 30 s; 3 and 4
      await index.putSlices([slice(device, 4, T0 + 60_000), slice(device, 3, T0 + 50_000)])
      await index.putSlices([{ ...slice(device, 9, T0), channel: 1 }])
      const numbers = async (fromMs: number, toMs: number) =>
        (await index.slices({ deviceId: device.id, channel: 0, fromMs, toMs })).map(({ id }) =>
          Number(id.slice(-8)),
        )
      assert.deepEqual(await numbers(T0, T0 + 70_000), [1, 2, 3, 4])
      assert.deepEqual(await numbers(T0 + 9_999, T0 + 10_000), [1])
      assert.deepEqual(await numbers(T0 + 10_000, T0 + 10_001), [2])
      assert.deepEqual(await numbers(T0 + 20_000, T0 + 50_000), [])
      assert.deepEqual(await numbers(T0 - 10_000, T0), [])
      assert.deepEqual(await index.channels(device.id), [0, 1, 2])
      assert.equal((await index.sliceBefore(device.id, 0, T0 + 50_000))?.id, sliceId(2))
      assert.equal(await index.sliceBefore(device.id, 0, T0), undefined)
    })

    test('time lines of weeks are those of their slices', async () => {
      const channel = 6
      let startMs = T0
      const made = Array.from({ length: 400 }, (_, at) => {
        // now and then a gap of minutes or hours, now and then a slice that overlaps the one before
        startMs +=
          at % 17 === 0 ? 300_000 : at % 29 === 0 ? 40_000_000 : at % 7 === 0 ? 5000 : 10_000
        return { ...slice(device, at + 1, startMs), channel }
      })
      await index.putSlices(made)
      const spans = made.map(sliceSpan)
      for (const [fromMs, toMs] of [
        [T0 - 1000, startMs + 1000],
        [T0 + 50_000_000, startMs - 50_000_000],
        [T0 - 500_000_000, T0 - 100_000_000],
      ] as const)
        for (const gapMs of [0, 9000, 600_000, 100_000_000]) {
          const range = { deviceId: device.id, channel, fromMs, toMs }
          const inside = spans.filter((span) => span.endMs > fromMs && span.startMs < toMs)
          assert.deepEqual(await index.timeline(range, gapMs), mergeIntervals(inside, gapMs))
        }
    })

    test('time lines join what is close', async () => {
      const range = { deviceId: device.id, channel: 0, fromMs: T0 - 5000, toMs: T0 + 100_000 }
      assert.deepEqual(await index.timeline(range, 1000), [
        { startMs: T0, endMs: T0 + 20_000 },
        { startMs: T0 + 50_000, endMs: T0 + 70_000 },
      ])
      assert.deepEqual(await index.timeline(range, 30_000), [{ startMs: T0, endMs: T0 + 70_000 }])
      // a slice inside another one does not end its interval
      await index.putSlices([{ ...slice(device, 20, T0 + 52_000), channel: 5 }])
      await index.putSlices([
        {
          ...slice(device, 21, T0 + 50_000, {
            pieces: pieces(5, { startMs: T0 + 50_000, durationMs: 8000 }),
          }),
          channel: 5,
        },
      ])
      await index.putSlices([{ ...slice(device, 22, T0 + 89_000), channel: 5 }])
      assert.deepEqual(await index.timeline({ ...range, channel: 5 }, 0), [
        { startMs: T0 + 50_000, endMs: T0 + 99_000 },
      ])
    })

    test('days with recordings', async () => {
      const day = (startMs: number) => ({ startMs, endMs: startMs + 10_000 })
      const asked = [T0 - 10_000, T0, T0 + 15_000, T0 + 20_000, T0 + 45_000].map(day)
      assert.deepEqual(await index.recordedIn(device.id, 0, asked), [
        false,
        true,
        true,
        false,
        true,
      ])
      assert.deepEqual(
        await index.recordedIn(device.id, 7, asked),
        asked.map(() => false),
      )
      assert.deepEqual(await index.recordedIn(device.id, 0, []), [])
    })

    test('old slices are listed, oldest first, and deleted by name', async () => {
      const old = async (beforeMs: number, limit = 10) =>
        (await index.slicesBefore(device.id, 0, beforeMs, limit)).map(({ id }) =>
          Number(id.slice(-8)),
        )
      assert.deepEqual(await old(T0 + 20_000), [1], 'the second ends at this moment, not before it')
      assert.deepEqual(await old(T0 + 100_000), [1, 2, 3, 4])
      assert.deepEqual(await old(T0 + 100_000, 2), [1, 2])
      const [first] = await index.slicesBefore(device.id, 0, T0 + 100_000, 1)
      assert.deepEqual(first, { id: sliceId(1), channel: 0, format: 'ts', bytes: 5000 })
      await index.deleteSlices(device.id, 0, [sliceId(3), sliceId(4), sliceId(777)])
      assert.deepEqual(await old(T0 + 100_000), [1, 2])
      assert.equal((await index.slice(device.id, 1, sliceId(9)))?.channel, 1)
    })

    test('text that looks like SQL is text', async () => {
      const evil = "x'; drop table slices; --"
      assert.equal(await index.device(evil, evil), undefined)
      assert.equal(await index.deviceByClientId(evil), undefined)
      assert.equal((await index.devices()).length, 1)
    })

    test('a deleted device takes all of its own with it', async () => {
      const other = (await newDevice('cam2'))!
      await index.putSlices([slice(other, 1, T0)])
      await index.deleteDevice(device.id)
      assert.equal(await index.device('P1', 'cam1'), undefined)
      assert.equal(await index.slice(device.id, 0, sliceId(1)), undefined)
      assert.equal(await index.plan(device.id, 2), undefined)
      assert.equal((await index.slice(other.id, 0, sliceId(1)))?.deviceId, other.id)
    })
  })
}
