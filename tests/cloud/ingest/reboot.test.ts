import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, beforeEach, describe, test } from 'node:test'
import { topic } from '../../../runtime/mqtt/topics.ts'
import { openCloud, type TestCloud, until } from '../support/cloud.ts'
import { noise, pieces, sliceId, sliceStart, TestDevice } from '../support/device.ts'

const BOOT_A = 'aaaaaaaaaaaaaaaa'
const BOOT_B = '0000000000000b0b'
const START_MS = 1_780_000_000_000
const WAIT_MS = 30_000

describe('a camera that starts anew in the middle of a slice', () => {
  let cloud: TestCloud
  let now = START_MS
  let device: TestDevice
  let devices = 0

  before(async () => {
    cloud = await openCloud({}, { now: () => now })
  })
  after(() => cloud.remove())
  beforeEach(async () => {
    now = START_MS
    device = await new TestDevice(cloud, 'P1', `cam${++devices}`).register()
    await device.authorize()
  })

  const stateOf = async (id: string, of = device): Promise<string | undefined> => {
    const range = `from=${START_MS - 86_400_000}&to=${START_MS + 3_600_000}`
    const answer = await cloud.api('GET', `${of.path}/channels/0/slices?${range}`)
    const { slices } = (await answer.json()) as { slices: { id: string; state: string }[] }
    return slices.find((slice) => slice.id === id)?.state
  }
  const isCut = (id: string, of = device) =>
    until(`${id} is cut`, async () => (await stateOf(id, of)) === 'cut', WAIT_MS)

  /** Begins a slice; its first two seconds are there. */
  const begin = async (id: string, startUtcMs: number, of = device): Promise<Buffer> => {
    assert.equal((await of.create(sliceStart({ id, startUtcMs }))).status, 201)
    const data = noise(2000, startUtcMs)
    const list = pieces(1, { startMs: startUtcMs })
    assert.equal((await of.append(id, 0, data.subarray(0, 1000), { pieces: list })).status, 204)
    return data
  }

  /** What was left of it comes from the spool. */
  const complete = async (id: string, startUtcMs: number, data: Buffer): Promise<void> => {
    const asked = await device.head(id)
    assert.equal(asked.headers.get('Upload-Offset'), '1000')
    const list = pieces(2, { startMs: startUtcMs })
    const length = { 'Upload-Length': '2000' }
    const rest = data.subarray(1000)
    assert.equal((await device.append(id, 1000, rest, { pieces: [list[1]!] }, length)).status, 204)
    const read = await cloud.api(
      'GET',
      `/../media/${device.productId}/${device.deviceName}/0/${id}.ts`,
    )
    assert.deepEqual(Buffer.from(await read.arrayBuffer()), data)
  }

  const heartbeat = async (bootId: string): Promise<void> => {
    const params = { utcMs: now, intervalMs: 30_000, bootId, version: bootId, channels: [0] }
    const name = topic('up', 'event', device.productId, device.deviceName)
    const message = { method: 'heartbeat', clientToken: randomUUID(), params }
    await device.client!.publishAsync(name, JSON.stringify(message), { qos: 1 })
    await until(
      'the heartbeat has arrived',
      async () => {
        const view = (await (await cloud.api('GET', device.path)).json()) as { version: string }
        return view.version === bootId
      },
      WAIT_MS,
    )
  }

  /** Time passes, and all that is silent for too long has been cut: slices are looked at in order, this one last. */
  const pass = async (ms: number): Promise<void> => {
    const canary = await new TestDevice(cloud, 'P1', `canary${++devices}`).register()
    await canary.authorize()
    await begin(sliceId(1), now, canary)
    await begin(sliceId(2), now + 2000, canary)
    now += Math.max(ms, 3001)
    await isCut(sliceId(1), canary)
    await canary.close()
  }

  test('its next slice ends the one before within seconds; live goes on; the tail is not lost', async () => {
    const [old, fresh] = [sliceId(9, BOOT_A), sliceId(1, BOOT_B)]
    const data = await begin(old, now)
    now += 20_000
    await begin(fresh, now)
    const from = START_MS - 1000
    const live = async () =>
      (
        await (
          await cloud.api('GET', `${device.path}/channels/0/playlist.m3u8?from=${from}`)
        ).text()
      )
        .split('\n')
        .filter((line) => line.includes(fresh)).length
    assert.equal(await live(), 0, 'the open slice is waited for')
    now += 3001
    await isCut(old)
    assert.equal(await live(), 1)
    await complete(old, START_MS, data)
    assert.equal(await stateOf(old), 'done')
    assert.equal(await stateOf(fresh), 'open', 'it is what is being recorded')
    await device.close()
  })

  test('a heartbeat is enough: an event plan may record nothing for hours', async () => {
    const old = sliceId(9, BOOT_A)
    await heartbeat(BOOT_A)
    const data = await begin(old, now)
    await heartbeat(BOOT_A)
    await pass(20_000)
    assert.equal(await stateOf(old), 'open', 'silence alone ends it after 150 s')
    await heartbeat(BOOT_B)
    await pass(3001)
    await isCut(old)
    await complete(old, START_MS, data)
    await device.close()
  })

  test('what comes from the spool of an earlier boot does not end the live slice, whatever its clock said', async () => {
    await heartbeat(BOOT_B)
    // this boot's clock was not set yet: it began before the one before
    const live = sliceId(1, BOOT_B)
    const liveMs = START_MS - 3_600_000
    const data = await begin(live, liveMs)
    const spooled = sliceId(9, BOOT_A)
    await begin(spooled, now)
    await pass(20_000)
    assert.equal(await stateOf(live), 'open')
    await complete(live, liveMs, data)
    await device.close()
  })

  test('the same where no heartbeat has told of the boot, by the time of the slices', async () => {
    const live = sliceId(1, BOOT_B)
    await begin(live, now)
    await begin(sliceId(8, BOOT_A), now - 40_000)
    await begin(sliceId(9, BOOT_A), now - 20_000)
    await pass(20_000)
    assert.equal(await stateOf(live), 'open')
    await isCut(sliceId(8, BOOT_A))
    await device.close()
  })

  test('a tail that stops half way is waited for a quarter of a minute, not two and a half', async () => {
    const old = sliceId(9, BOOT_A)
    await begin(old, now)
    await heartbeat(BOOT_B)
    now += 3001
    await isCut(old)
    const rest = { pieces: [{ ...pieces(2, { startMs: START_MS })[1]!, b: 500, open: 1 as const }] }
    assert.equal((await device.append(old, 1000, noise(500), rest)).status, 204)
    await pass(10_000)
    assert.equal(await stateOf(old), 'open')
    await pass(5001)
    await isCut(old)
    assert.equal((await device.head(old)).headers.get('Upload-Offset'), '1500')
    await device.close()
  })
})
