import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Device, IndexStore } from '../../../../cloud/server/store/index/types.ts'
import type { Loss } from '../../../../runtime/mqtt/messages.ts'
import { SECRET, sliceId } from '../../support/device.ts'

const T0 = 1_780_000_000_000

/** The losses of every index store pass this. */
export const lossStoreSuite = (name: string, open: () => Promise<IndexStore>): void => {
  describe(`losses of index store: ${name}`, () => {
    let index: IndexStore
    let devices = 0
    before(async () => {
      index = await open()
    })
    after(() => index.close())

    const fresh = async (): Promise<Device> => {
      const deviceName = `loss${++devices}`
      const given = { productId: 'P1', deviceName, secret: SECRET, label: '', createdMs: T0 }
      return (await index.createDevice(given))!
    }
    const loss = (
      number: number,
      startS: number,
      endS: number,
      more: Partial<Loss> = {},
    ): Loss => ({
      id: sliceId(number),
      channel: 0,
      startMs: T0 + startS * 1000,
      endMs: T0 + endS * 1000,
      bytes: 5_000_000_000,
      cause: 'drop',
      ...more,
    })
    const inRange = (device: Device, fromS: number, toS: number, channel = 0) =>
      index.losses.losses({
        deviceId: device.id,
        channel,
        fromMs: T0 + fromS * 1000,
        toMs: T0 + toS * 1000,
      })

    test('told, told again, told otherwise, withdrawn', async () => {
      const device = await fresh()
      await index.losses.put(device.id, [loss(1, 0, 10), loss(2, 20, 30, { cause: 'network' })])
      await index.losses.put(device.id, [loss(1, 0, 10)])
      assert.deepEqual(await inRange(device, 0, 100), [
        loss(1, 0, 10),
        loss(2, 20, 30, { cause: 'network' }),
      ])
      await index.losses.put(device.id, [loss(1, 0, 15, { bytes: 7, cause: 'restart' })])
      assert.deepEqual((await inRange(device, 0, 16))[0], {
        ...loss(1, 0, 15),
        bytes: 7,
        cause: 'restart',
      })
      await index.losses.withdraw(device.id, [sliceId(1), sliceId(9)])
      await index.losses.withdraw(device.id, [sliceId(1)])
      await index.losses.withdraw(device.id, [])
      assert.deepEqual(
        (await inRange(device, 0, 100)).map(({ id }) => id),
        [sliceId(2)],
      )
    })

    test('the same loss twice in one message is the later one', async () => {
      const device = await fresh()
      await index.losses.put(device.id, [loss(1, 0, 10), loss(1, 0, 12)])
      assert.deepEqual(await inRange(device, 0, 100), [loss(1, 0, 12)])
    })

    test('ranges touch, channels and devices are apart, a loss without length is found', async () => {
      const device = await fresh()
      const other = await fresh()
      await index.losses.put(device.id, [
        loss(1, 10, 20),
        loss(2, 30, 30),
        loss(3, 10, 20, { channel: 1 }),
      ])
      await index.losses.put(other.id, [loss(1, 10, 20)])
      const ids = async (fromS: number, toS: number, channel = 0) =>
        (await inRange(device, fromS, toS, channel)).map(({ id }) => id)
      assert.deepEqual(await ids(0, 10), [])
      assert.deepEqual(await ids(0, 11), [sliceId(1)])
      assert.deepEqual(await ids(20, 30), [sliceId(1)])
      assert.deepEqual(await ids(21, 31), [sliceId(2)])
      assert.deepEqual(await ids(0, 100, 1), [sliceId(3)])
      assert.equal((await inRange(other, 0, 100)).length, 1)
    })

    test('old ones go, a device takes its losses with it, one that is gone has none', async () => {
      const device = await fresh()
      await index.losses.put(device.id, [loss(1, 0, 10), loss(2, 5, 30)])
      await index.losses.deleteBefore(device.id, 0, T0 + 20_000)
      assert.deepEqual(
        (await inRange(device, 0, 100)).map(({ id }) => id),
        [sliceId(2)],
      )
      await index.losses.deleteAll(device.id)
      assert.deepEqual(await inRange(device, 0, 100), [])
      await index.losses.put(device.id, [loss(1, 0, 10)])
      await index.deleteDevice(device.id)
      assert.deepEqual(await inRange(device, 0, 100), [])
      await index.losses.put(device.id, [loss(1, 0, 10)])
      assert.deepEqual(await inRange(device, 0, 100), [])
    })
  })
}
