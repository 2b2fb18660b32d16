import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openCloud, type TestCloud, until } from '../support/cloud.ts'
import { BOOT, noise, pieces, sliceId, sliceStart, TestDevice } from '../support/device.ts'

/** 23:30 of the day before in Berlin, whose clocks go forward in that night */
const T0 = Date.UTC(2026, 2, 28, 22, 30)
const DEVICE = '/devices/P1/cam1'

let cloud: TestCloud
let device: TestDevice
before(async () => {
  cloud = await openCloud()
  device = await new TestDevice(cloud).register()
  await device.authorize()
  for (const [number, startMs] of [
    [1, T0],
    [2, T0 + 10_000],
    [3, T0 + 3 * 3_600_000],
  ] as const)
    await device.upload(
      sliceStart({ id: sliceId(number), startUtcMs: startMs }),
      noise(5000, number),
      pieces(5, { startMs }),
    )
  // the index learns of closed slices twice a second
  await until(
    'the index',
    async () => {
      const usage = (await (await cloud.api('GET', `${DEVICE}/usage`)).json()) as {
        channels: { slices: number }[]
      }
      return usage.channels[0]?.slices === 3
    },
    60_000,
  )
})
after(async () => {
  await device.close()
  await cloud.remove()
})

const call = async <Body>(method: string, path: string, status: number, body?: object) => {
  const answer = await cloud.api(method, path, body)
  const text = await answer.text()
  assert.equal(answer.status, status, `${method} ${path}: ${text}`)
  return JSON.parse(text) as Body
}

test('a device has a time zone, and its days are days there', async () => {
  type View = { timeZone: string; quotaBytes: number; label: string }
  assert.equal((await call<View>('GET', DEVICE, 200)).timeZone, 'UTC')
  const changed = await call<View>('PATCH', DEVICE, 200, { timeZone: 'Europe/Berlin' })
  assert.equal(changed.timeZone, 'Europe/Berlin')
  await call('PATCH', DEVICE, 400, { timeZone: 'Mars/Olympus' })
  await call('PATCH', DEVICE, 400, { quotaBytes: -1 })
  type Days = {
    timeZone: string
    days: { date: string; startMs: number; endMs: number; recorded: boolean }[]
  }
  const path = `${DEVICE}/channels/0/days?from=2026-03-28&to=2026-03-30`
  const berlin = await call<Days>('GET', path, 200)
  assert.equal(berlin.timeZone, 'Europe/Berlin')
  assert.deepEqual(
    berlin.days.map(({ startMs, endMs, recorded }) => [(endMs - startMs) / 3_600_000, recorded]),
    [
      [24, true],
      [23, true],
      [24, false],
    ],
  )
  const kathmandu = await call<Days>('GET', `${path}&tz=Asia/Kathmandu`, 200)
  assert.deepEqual(
    kathmandu.days.map(({ recorded }) => recorded),
    [false, true, false],
  )
})

test('what is stored, by channel and by device, and what is pinned of it', async () => {
  type Usage = { usedBytes: number; pinnedBytes: number; quotaBytes: number; channels: object[] }
  await call('POST', `${DEVICE}/channels/0/pins`, 201, { fromMs: T0, toMs: T0 + 1 })
  await call('PATCH', DEVICE, 200, { quotaBytes: 20_000 })
  const usage = await call<Usage>('GET', `${DEVICE}/usage`, 200)
  assert.deepEqual(
    [usage.usedBytes, usage.pinnedBytes, usage.quotaBytes, usage.channels],
    [
      15_000,
      5000,
      20_000,
      [
        {
          channel: 0,
          slices: 3,
          bytes: 15_000,
          oldestMs: T0,
          newestMs: T0 + 3 * 3_600_000 + 10_000,
        },
      ],
    ],
  )
  type Storage = { usedBytes: number; freeBytes: number; totalBytes: number; devices: object[] }
  const storage = await call<Storage>('GET', '/storage', 200)
  assert.equal(storage.usedBytes, 15_000)
  assert.ok(storage.freeBytes > 0 && storage.totalBytes >= storage.freeBytes)
  assert.deepEqual(storage.devices, [
    { productId: 'P1', deviceName: 'cam1', usedBytes: 15_000, quotaBytes: 20_000 },
  ])
})

test('index and objects are compared, and repaired when that is asked for', async () => {
  type Check = { slices: number; objects: number; missing: number; refused: string | null }
  const clean = await call<Check>('POST', '/storage/check', 200, {})
  assert.deepEqual([clean.slices, clean.objects, clean.missing], [3, 3, 0])
  rmSync(join(cloud.folder, 'objects/P1/cam1/0', BOOT, '0', `${sliceId(3)}.ts`))
  const safe = await call<Check>('POST', '/storage/check', 200, { repair: true })
  assert.match(safe.refused ?? '', /1 of 3 recordings/)
  const repaired = await call<Check>('POST', '/storage/check', 200, {
    repair: true,
    maxPercent: 50,
  })
  assert.equal(repaired.missing, 1)
  assert.equal((await call<Check>('POST', '/storage/check', 200, {})).missing, 0)
  const { lines } = await call<{ lines: { action: string }[] }>('GET', '/audit?limit=1', 200)
  assert.equal(lines[0]?.action, 'repair_storage')
  const headers = {
    Authorization: `Bearer ${cloud.viewerToken}`,
    'Content-Type': 'application/json',
  }
  const viewer = await fetch(`${cloud.httpUrl}/api/storage/check`, {
    method: 'POST',
    headers,
    body: '{}',
  })
  assert.equal(viewer.status, 403)
})

test('a body that is not said to be JSON is refused, not half read', async () => {
  const answer = await fetch(`${cloud.httpUrl}/api/storage/check`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${cloud.adminToken}`, 'Content-Type': 'text/plain' },
    body: '{}',
  })
  assert.equal(answer.status, 415)
})
