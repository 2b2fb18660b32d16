import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { ExportJob } from '../../../../cloud/server/store/index/export-store.ts'
import type { Pin } from '../../../../cloud/server/store/index/pin-store.ts'
import type { Share } from '../../../../cloud/server/store/index/share-store.ts'
import type { Device, IndexStore, Slice } from '../../../../cloud/server/store/index/types.ts'
import { pieces, SECRET, sliceId, sliceStart } from '../../support/device.ts'

const T0 = 1_780_000_000_000

/** What keeps recordings, shows them, writes them out and counts them: every index store passes this. */
export const keepingSuite = (name: string, open: () => Promise<IndexStore>): void => {
  describe(`pins, shares, exports, audit log and usage of index store: ${name}`, () => {
    let index: IndexStore
    let device: Device
    let other: Device
    const slice = (owner: Device, number: number, startMs: number, more: Partial<Slice> = {}) => ({
      ...sliceStart({ id: sliceId(number), startUtcMs: startMs }),
      deviceId: owner.id,
      channel: 0,
      state: 'done' as const,
      bytes: 1000 * number,
      pieces: pieces(5, { startMs, bytes: 200 * number }),
      ...more,
    })
    const pin = (id: string, startMs: number, endMs: number | null, eventKey: string | null) =>
      ({
        id,
        deviceId: device.id,
        channel: 0,
        startMs,
        endMs,
        eventKey,
        note: 'n',
        createdMs: T0,
        createdBy: 'admin',
      }) satisfies Pin
    const job = (id: string, startMs: number, endMs: number): ExportJob => ({
      id,
      deviceId: device.id,
      channel: 0,
      startMs,
      endMs,
      state: 'running',
      progress: 0,
      bytes: 0,
      durationMs: 0,
      reason: '',
      createdMs: T0,
      createdBy: 'viewer',
      expiresMs: 0,
    })
    const numbers = async (query: Partial<Parameters<IndexStore['usage']['free']>[0]> = {}) =>
      (await index.usage.free({ deviceId: device.id, limit: 100, ...query })).map(({ id }) =>
        Number(id.slice(-8)),
      )

    before(async () => {
      index = await open()
      const made = { productId: 'P1', secret: SECRET, label: '', createdMs: T0 }
      device = (await index.createDevice({ ...made, deviceName: 'cam1' }))!
      other = (await index.createDevice({
        ...made,
        deviceName: 'cam2',
        timeZone: 'Asia/Kathmandu',
      }))!
      // slices 1 to 6, ten seconds each, without gaps; an open one; one of another device
      await index.putSlices([
        ...[1, 2, 3, 4, 5, 6].map((number) => slice(device, number, T0 + number * 10_000)),
        slice(device, 7, T0 + 70_000, { state: 'open' }),
        slice(device, 8, T0, { channel: 3 }),
        slice(other, 1, T0 - 50_000),
      ])
    })
    after(() => index.close())

    test('a device has a time zone and a quota, which can be changed', async () => {
      assert.deepEqual([device.timeZone, other.timeZone], ['UTC', 'Asia/Kathmandu'])
      const changed = await index.changeDevice(device.id, {
        label: 'Door',
        timeZone: 'Europe/Berlin',
        quotaBytes: 3 * 2 ** 40,
      })
      assert.deepEqual(
        [changed?.label, changed?.timeZone, changed?.quotaBytes],
        ['Door', 'Europe/Berlin', 3 * 2 ** 40],
      )
      assert.deepEqual(await index.changeDevice(device.id, {}), changed)
      assert.deepEqual(await index.deviceById(device.id), changed)
      assert.equal(await index.deviceById(999_999), undefined)
      assert.equal(await index.changeDevice(999_999, { label: 'x' }), undefined)
    })

    test('usage by channel, and of all devices', async () => {
      assert.deepEqual(await index.usage.ofDevice(device.id), [
        { channel: 0, slices: 7, bytes: 28_000, oldestMs: T0 + 10_000, newestMs: T0 + 80_000 },
        { channel: 3, slices: 1, bytes: 8000, oldestMs: T0, newestMs: T0 + 10_000 },
      ])
      assert.deepEqual(
        [...(await index.usage.bytesByDevice())].sort(([a], [b]) => a - b),
        [
          [device.id, 36_000],
          [other.id, 1000],
        ],
      )
      assert.equal(await index.usage.pictureBytes(device.id), 0)
    })

    test('what may go: oldest first, by channel, by end, by range; never what is open', async () => {
      assert.deepEqual(await numbers(), [8, 1, 2, 3, 4, 5, 6])
      assert.deepEqual(await numbers({ channel: 0, limit: 2 }), [1, 2])
      assert.deepEqual(await numbers({ channel: 0, beforeMs: T0 + 30_000 }), [1])
      assert.deepEqual(await numbers({ channel: 0, beforeMs: T0 + 30_001 }), [1, 2])
      const touching = { startMs: T0 + 29_999, endMs: T0 + 40_001 }
      assert.deepEqual(await numbers({ channel: 0, touching }), [2, 3, 4])
      const all = await index.usage.free({ limit: 1 })
      assert.equal(all[0]?.deviceId, other.id)
    })

    test('pins hold ranges and events, also one that runs; a device has its own', async () => {
      await index.pins.put(pin('a', T0 + 35_000, T0 + 45_000, null))
      assert.deepEqual(await numbers({ channel: 0 }), [1, 2, 5, 6])
      assert.equal(await index.usage.pinnedBytes(device.id), 7000)
      const event = {
        deviceId: device.id,
        channel: 0,
        key: sliceId(50),
        eventId: 1,
        info: '',
        ai: 0,
        isMoment: false,
        startMs: T0 + 61_000,
        videoStartMs: T0 + 61_000,
      }
      await index.events.begin(event)
      const first = await index.pins.put(pin('b', T0 + 61_000, null, event.key))
      assert.equal((await index.pins.put(pin('c', T0 + 1, null, event.key))).id, 'b', 'once')
      assert.deepEqual(await numbers({ channel: 0 }), [1, 2, 5], 'it runs: all that follows')
      await index.events.end({
        ...event,
        endMs: T0 + 62_000,
        videoEndMs: T0 + 62_000,
        video: 'whole',
      })
      assert.deepEqual(await numbers({ channel: 0 }), [1, 2, 5])
      assert.deepEqual(
        (await index.pins.list(device.id, 0, T0, T0 + 50_000)).map(({ id }) => id),
        ['a'],
      )
      assert.deepEqual(
        (await index.pins.list(device.id)).map(({ id, endMs }) => [id, endMs]),
        [
          ['a', T0 + 45_000],
          ['b', null],
        ],
      )
      assert.deepEqual(await index.events.eventsBefore(device.id, 0, T0 * 2, 10), [], 'it is held')
      const [mark] = await index.eventMarks({
        deviceId: device.id,
        channel: 0,
        fromMs: T0,
        toMs: T0 + 100_000,
        stepMs: 1000,
      })
      assert.deepEqual([mark?.key, mark?.isPinned, mark?.count], [event.key, true, 1])
      assert.equal(await index.pins.delete(other.id, first.id), false)
      assert.equal(await index.pins.delete(device.id, first.id), true)
      assert.equal(await index.pins.delete(device.id, first.id), false)
      assert.equal((await index.events.eventsBefore(device.id, 0, T0 * 2, 10)).length, 1)
    })

    test('an export that runs holds its range; one that is over does not', async () => {
      await index.exports.put(job('x', T0 + 10_000, T0 + 20_000))
      assert.deepEqual(await numbers({ channel: 0 }), [2, 5, 6])
      assert.equal((await index.exports.running(device.id, 0)).length, 1)
      const ended = { expiresMs: T0 + 1000 }
      assert.equal(await index.exports.end('x', { state: 'done', bytes: 2 ** 33, ...ended }), true)
      assert.equal((await index.exports.job('x'))?.bytes, 2 ** 33)
      assert.equal(await index.exports.end('x', { state: 'failed', ...ended }), false, 'it is over')
      assert.deepEqual(await numbers({ channel: 0 }), [1, 2, 5, 6])
      await index.exports.put({ ...job('y', T0, T0 + 1), createdMs: T0 + 1 })
      assert.deepEqual(
        (await index.exports.list()).map(({ id }) => id),
        ['y', 'x'],
      )
      await index.exports.delete('y')
      assert.equal(await index.exports.job('y'), undefined)
    })

    test('an export is taken by one, held, and free again when it is let go or not held', async () => {
      const { exports } = index
      const soFar = { progress: 0.5, bytes: 10 }
      const hours = 3_600_000
      await exports.put(job('first', T0, T0 + 1))
      await exports.put({ ...job('second', T0, T0 + 1), createdMs: T0 + 1 })
      const both = await Promise.all([exports.take('a', hours), exports.take('b', hours)])
      assert.deepEqual(both.map((taken) => taken?.job.id).toSorted(), ['first', 'second'])
      const [mine, other] = both[0]!.job.id === 'first' ? ['a', 'b'] : ['b', 'a']
      assert.equal(await exports.take('c', hours), undefined, 'all are in hands')
      assert.equal(await exports.hold('first', mine, hours, soFar), true)
      assert.equal((await exports.job('first'))?.progress, 0.5)
      assert.equal(await exports.hold('first', other, hours, soFar), false)

      await exports.giveBack('first', other)
      assert.equal(await exports.take('c', hours), undefined, 'it was not that one to give')
      await exports.giveBack('first', mine)
      const again = await exports.take('c', -1)
      assert.deepEqual(
        [again?.job.id, again?.job.progress, again?.attempts],
        ['first', 0, 1],
        'it begins anew, and what was given back does not count',
      )
      const late = await exports.take('d', hours)
      assert.deepEqual([late?.job.id, late?.attempts], ['first', 2], 'c did not hold it')
      const end = { state: 'done' as const, expiresMs: T0 + 1000 }
      assert.equal(await exports.end('first', end, 'c'), false, 'it is not c that has it')
      assert.equal(await exports.end('first', end, 'd'), true)
      assert.equal(await exports.hold('first', 'd', hours, soFar), false, 'it is over')

      await exports.releaseAll()
      assert.equal((await exports.take('e', hours))?.job.id, 'second')
      assert.equal(await exports.end('second', { ...end, state: 'cancelled' }), true, 'by anyone')
      for (const id of ['first', 'second']) await exports.delete(id)
    })

    test('shares: found, listed, revoked once, forgotten when they have expired', async () => {
      const share = (id: string, expiresMs: number): Share => ({
        id,
        deviceId: device.id,
        channel: 0,
        startMs: T0,
        endMs: T0 + 1,
        eventKey: null,
        note: '',
        expiresMs,
        revokedMs: 0,
        createdMs: T0,
        createdBy: 'admin',
      })
      await index.shares.put(share('s', T0 + 10))
      await index.shares.put(share('t', T0 + 20))
      assert.equal(await index.shares.revoke('s', T0 + 5), true)
      assert.equal(await index.shares.revoke('s', T0 + 6), true)
      assert.equal((await index.shares.share('s'))?.revokedMs, T0 + 5)
      assert.equal(await index.shares.revoke('none', T0), false)
      assert.equal((await index.shares.list(device.id)).length, 2)
      assert.equal((await index.shares.list(other.id)).length, 0)
      await index.shares.deleteExpired(T0 + 11)
      assert.deepEqual(
        (await index.shares.list()).map(({ id }) => id),
        ['t'],
      )
    })

    test('the audit log: newest first, page by page', async () => {
      const line = { device: '', channel: null, startMs: null, endMs: null, actor: 'a' }
      for (const action of ['one', 'two', 'three'])
        await index.audit.write({ ...line, atMs: T0, action, detail: "x'; drop table audit; --" })
      const [three, two] = await index.audit.list(2)
      assert.deepEqual([three?.action, two?.action], ['three', 'two'])
      assert.deepEqual(
        (await index.audit.list(9, two!.id)).map(({ action }) => action),
        ['one'],
      )
    })

    test('pages of closed slices are all of them, once', async () => {
      const seen: string[] = []
      for (let after: Awaited<ReturnType<IndexStore['usage']['page']>>[0] | undefined; ; ) {
        const page = await index.usage.page(after, 3)
        seen.push(...page.map(({ deviceId, channel, id }) => `${deviceId}/${channel}/${id}`))
        after = page.at(-1)
        if (page.length < 3) break
      }
      assert.equal(seen.length, 8)
      assert.equal(new Set(seen).size, 8)
    })

    test('destroyed: pins and shares go, the log stays', async () => {
      await index.deleteRecordings(device.id)
      assert.deepEqual(await index.pins.list(device.id), [])
      assert.deepEqual(await index.shares.list(device.id), [])
      assert.equal((await index.audit.list(9)).length, 3)
    })
  })
}
