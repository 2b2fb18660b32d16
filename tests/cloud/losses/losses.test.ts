import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Loss } from '../../../runtime/mqtt/messages.ts'
import { openCloud, type TestCloud } from '../support/cloud.ts'
import { noise, pieces, sliceId, sliceStart, TestDevice } from '../support/device.ts'

const T0 = 1_780_000_000_000

let cloud: TestCloud
let devices = 0
before(async () => {
  cloud = await openCloud()
})
after(() => cloud.remove())

const newDevice = async () =>
  (await new TestDevice(cloud, 'P1', `lost${++devices}`).register()).connect()
const loss = (number: number, startS: number, endS: number, more: Partial<Loss> = {}): Loss => ({
  id: sliceId(number),
  channel: 0,
  startMs: T0 + startS * 1000,
  endMs: T0 + endS * 1000,
  bytes: 1000,
  cause: 'drop',
  ...more,
})
const tell = async (device: TestDevice, losses: Loss[], withdrawn: string[] = []) => {
  const answer = await device.ask('event', 'loss_report', { losses, withdrawn })
  assert.ok(answer.method === 'loss_report_reply' && answer.code === 0, JSON.stringify(answer))
}
const read = async (device: TestDevice, what: string, fromS = 0, toS = 1000) => {
  const range = `from=${T0 + fromS * 1000}&to=${T0 + toS * 1000}`
  const answer = await cloud.api('GET', `${device.path}/channels/0/${what}?${range}`)
  assert.equal(answer.status, 200)
  return (await answer.json()) as { losses: Omit<Loss, 'channel'>[] }
}
const shown = ({ channel: _, ...rest }: Loss) => rest

test('what a device tells of is listed and stands in the timeline; told twice it is there once', async () => {
  const device = await newDevice()
  try {
    const told = [loss(1, 0, 10), loss(2, 20, 40, { cause: 'restart', bytes: 0 })]
    await tell(device, told)
    await tell(device, told)
    assert.deepEqual(await read(device, 'losses'), { losses: told.map(shown) })
    assert.deepEqual((await read(device, 'timeline')).losses, told.map(shown))
    // cut to the range, bytes by time
    assert.deepEqual((await read(device, 'losses', 5, 25)).losses, [
      { ...shown(loss(1, 5, 10)) },
      { ...shown(loss(2, 20, 25, { cause: 'restart', bytes: 0 })) },
    ])
    await tell(device, [], [sliceId(1)])
    assert.deepEqual(
      (await read(device, 'losses')).losses.map(({ id }) => id),
      [sliceId(2)],
    )
  } finally {
    await device.close()
  }
})

test('a loss that a later upload covers is not shown', async () => {
  const device = await newDevice()
  try {
    await device.authorize()
    await tell(device, [loss(1, 0, 10), loss(2, 30, 40)])
    await device.upload(sliceStart({ startUtcMs: T0 }), noise(5000), pieces(5, { startMs: T0 }))
    assert.deepEqual((await read(device, 'losses')).losses, [shown(loss(2, 30, 40))])
    assert.deepEqual((await read(device, 'timeline')).losses, [shown(loss(2, 30, 40))])
  } finally {
    await device.close()
  }
})

test('an older slice, or one of another boot, does not end the one that is being recorded', async () => {
  const device = await newDevice()
  try {
    await device.authorize()
    const live = sliceStart({ id: sliceId(5), startUtcMs: T0 + 100_000 })
    await device.create(live)
    const list = pieces(1, { startMs: live.startUtcMs })
    await device.append(live.id, 0, noise(1000), { pieces: list })
    const older = sliceStart({ id: sliceId(4), startUtcMs: T0 })
    await device.upload(older, noise(5000), pieces(5, { startMs: T0 }))
    const before = sliceStart({ id: sliceId(9, 'ffffffffffffffff'), startUtcMs: T0 + 20_000 })
    await device.upload(before, noise(5000), pieces(5, { startMs: T0 + 20_000 }))
    // a slice whose next one has begun is cut after 3 s of silence
    const cutAtMs = Date.now() + 4500
    while (Date.now() < cutAtMs) await new Promise((resolve) => setTimeout(resolve, 100))
    const { slices } = (await (
      await cloud.api('GET', `${device.path}/channels/0/slices?from=${T0}&to=${T0 + 200_000}`)
    ).json()) as { slices: { id: string; state: string }[] }
    const states = Object.fromEntries(slices.map(({ id, state }) => [id, state]))
    assert.equal(states[sliceId(4)], 'done')
    assert.notEqual(states[sliceId(5)], 'cut')
  } finally {
    await device.close()
  }
})

test('a bad range is refused, an invalid report answered with 400', async () => {
  const device = await newDevice()
  try {
    const get = (query: string) => cloud.api('GET', `${device.path}/channels/0/losses?${query}`)
    assert.equal((await get(`from=${T0}&to=${T0}`)).status, 400)
    assert.equal((await get('from=0&to=90000000000000')).status, 400)
    const bad = { losses: [{ ...loss(1, 0, 1), cause: 'weather' }], withdrawn: [] }
    const answer = await device.ask('event', 'loss_report', bad)
    assert.ok(answer.method === 'loss_report_reply' && answer.code === 400)
  } finally {
    await device.close()
  }
})
