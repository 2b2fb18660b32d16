import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { APPEND_MAX_BYTES } from '../../../runtime/mqtt/messages.ts'
import { openCloud, type TestCloud, until } from '../support/cloud.ts'
import { noise, pieces, sha256, sliceId, sliceStart, TestDevice } from '../support/device.ts'

const messageOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { error: { message: string } }).error.message

describe('tus ingest', () => {
  let cloud: TestCloud
  let device: TestDevice
  let now = Date.now()
  let number = 100
  const nextId = () => sliceId(++number)

  before(async () => {
    cloud = await openCloud({}, { now: () => now })
    device = await new TestDevice(cloud).register()
    await device.authorize()
  })
  after(async () => {
    await device.close()
    await cloud.remove()
  })

  test('a slice is created, appended to, asked for and ended', async () => {
    const id = nextId()
    const made = await device.create(sliceStart({ id }))
    assert.equal(made.status, 201)
    assert.equal(made.headers.get('Location'), `${device.url}/${id}`)
    assert.equal(made.headers.get('Tus-Resumable'), '1.0.0')
    const data = noise(3000)
    const list = pieces(3)
    const first = await device.append(id, 0, data.subarray(0, 1500), {
      pieces: [list[0]!, { ...list[1]!, b: 500, open: 1 }],
    })
    assert.equal(first.status, 204)
    assert.equal(first.headers.get('Upload-Offset'), '1500')
    const asked = await device.head(id)
    assert.equal(asked.status, 200)
    assert.equal(asked.headers.get('Upload-Offset'), '1500')
    assert.equal(asked.headers.get('Upload-Length'), null)
    assert.equal(asked.headers.get('Cache-Control'), 'no-store')
    const second = await device.append(id, 1500, data.subarray(1500), { pieces: list.slice(1) })
    assert.equal(second.status, 204)
    const end = {
      endUtcMs: 1_780_000_006_000,
      endPtsMs: 6000,
      endSeq: 9,
      frames: 150,
      reason: 'idr' as const,
    }
    const last = () =>
      device.append(id, 3000, Buffer.alloc(0), { pieces: [], end }, { 'Upload-Length': '3000' })
    assert.equal((await last()).status, 204)
    assert.equal((await last()).status, 204, 'the last append may be repeated')
    const done = await device.head(id)
    assert.equal(done.headers.get('Upload-Offset'), '3000')
    assert.equal(done.headers.get('Upload-Length'), '3000')
    const read = await cloud.api('GET', `/../media/P1/cam1/0/${id}.ts`)
    assert.deepEqual(Buffer.from(await read.arrayBuffer()), data)
  })

  test('creation is idempotent', async () => {
    const id = nextId()
    assert.equal((await device.create(sliceStart({ id }))).status, 201)
    await device.append(id, 0, noise(700), undefined)
    const again = await device.create(sliceStart({ id }))
    assert.equal(again.status, 200)
    assert.equal(again.headers.get('Location'), `${device.url}/${id}`)
    assert.equal(again.headers.get('Upload-Offset'), '700')
    const other = await device.create(sliceStart({ id, format: 'fmp4', initBytes: 100 }))
    assert.equal(other.status, 409, 'one id is one slice')
  })

  test('400: malformed headers and indexes, with what is wrong', async () => {
    const id = nextId()
    await device.create(sliceStart({ id }))
    const meta = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64')
    const create = (more: Record<string, string>) => device.create(sliceStart(), more)
    const append = (index: unknown, more: Record<string, string> = {}) =>
      device.append(id, 0, noise(1000), undefined, {
        'Skyrill-Index': JSON.stringify(index),
        ...more,
      })
    const piece = pieces(1)[0]!
    const end = { endUtcMs: 1, endPtsMs: 1, endSeq: 1, frames: 1, reason: 'idr' }
    const cases: [string, () => Promise<Response>, RegExp][] = [
      ['no metadata', () => create({ 'Upload-Metadata': 'name eA==' }), /"slice"/],
      ['metadata not JSON', () => create({ 'Upload-Metadata': 'slice eA==' }), /not JSON/],
      [
        'traversal in the id',
        () =>
          create({
            'Upload-Metadata': `slice ${meta({ ...sliceStart(), id: '../../../../etc/passwd' })}`,
          }),
        /id/,
      ],
      [
        'init segment in TS',
        () => create({ 'Upload-Metadata': `slice ${meta({ ...sliceStart(), initBytes: 7 })}` }),
        /initBytes/,
      ],
      [
        'neither length nor defer',
        () => create({ 'Upload-Defer-Length': '0' }),
        /Upload-Defer-Length/,
      ],
      [
        'offset not a number',
        () => append({ pieces: [] }, { 'Upload-Offset': '1e3' }),
        /Upload-Offset/,
      ],
      ['index not JSON', () => append(undefined, { 'Skyrill-Index': '{' }), /not JSON/],
      [
        'piece with a negative length',
        () => append({ pieces: [{ ...piece, b: -1 }] }),
        /pieces.0.b/,
      ],
      [
        'first piece not at the start',
        () => append({ pieces: [{ ...piece, o: 5 }] }),
        /the next one is at 0/,
      ],
      [
        'pieces overlap',
        () => append({ pieces: [piece, { ...piece, o: 900 }] }),
        /the next one is at 1000/,
      ],
      [
        'time goes back',
        () => append({ pieces: [piece, { ...piece, o: 1000, t: piece.t - 1 }] }),
        /is before/,
      ],
      [
        'piece behind an open one',
        () =>
          append({
            pieces: [
              { ...piece, open: 1 },
              { ...piece, o: 1000 },
            ],
          }),
        /still open/,
      ],
      [
        'piece longer than a slice',
        () => append({ pieces: [{ ...piece, d: 700_000 }] }),
        /600000 ms/,
      ],
      ['end without length', () => append({ pieces: [], end }), /Upload-Length/],
      [
        'length shorter than the bytes',
        () => append({ pieces: [] }, { 'Upload-Length': '10' }),
        /Upload-Length 10/,
      ],
      [
        'unknown checksum',
        () => append({ pieces: [] }, { 'Upload-Checksum': 'crc32 AAAA' }),
        /sha256/,
      ],
    ]
    for (const [what, send, message] of cases) {
      const response = await send()
      assert.equal(response.status, 400, what)
      assert.match(await messageOf(response), message, what)
    }
    assert.equal((await device.head(id)).headers.get('Upload-Offset'), '0', 'nothing was written')
    assert.equal((await append({ pieces: [piece] })).status, 204, 'the next good one works')
    const changed = await device.append(id, 1000, noise(10), { pieces: [{ ...piece, b: 999 }] })
    assert.equal(changed.status, 400)
    assert.match(await messageOf(changed), /finished piece changed/)
  })

  test('401 without a token, with a wrong one, with one that has expired, after a new secret', async () => {
    const id = nextId()
    const statusWith = async (authorization: string) =>
      (await device.create(sliceStart({ id }), { Authorization: authorization })).status
    assert.equal(await statusWith(''), 401)
    assert.equal(await statusWith('Bearer nonsense'), 401)
    assert.equal(await statusWith(`Bearer ${device.token.slice(0, -2)}xx`), 401)
    assert.equal(await statusWith(`Bearer ${cloud.adminToken}`), 401, 'the admin is no device')
    now += 16 * 60_000
    assert.equal((await device.create(sliceStart({ id }))).status, 401)
    await device.authorize()
    assert.equal((await device.create(sliceStart({ id }))).status, 201)
    const other = await new TestDevice(cloud, 'P1', 'rotated').register()
    await other.authorize()
    await cloud.api('POST', `${other.path}/secret`, {})
    assert.equal((await other.create(sliceStart())).status, 401)
    await other.close()
  })

  test('402 without a plan; a slice that was begun may be completed for a moment', async () => {
    const id = nextId()
    await device.create(sliceStart({ id }))
    await device.setPlan({ type: 'none' })
    const refused = await device.create(sliceStart({ id: nextId() }))
    assert.equal(refused.status, 402)
    assert.equal((await device.append(id, 0, noise(10), undefined)).status, 204)
    now += 31_000
    assert.equal((await device.append(id, 10, noise(10), undefined)).status, 402)
    await device.setPlan({ type: 'trial', trialSec: 60 })
    assert.equal((await device.append(id, 10, noise(10), undefined)).status, 204)
    // its seconds are of video, not of the calendar: tests/cloud/events.test.ts uses them up
    now += 61_000
    assert.equal((await device.append(id, 20, noise(10), undefined)).status, 204)
    await device.setPlan({ type: 'full' })
    await device.authorize()
  })

  test('403 with the token of another device or channel, 404 for what is not there', async () => {
    const id = nextId()
    await device.create(sliceStart({ id }))
    const other = await new TestDevice(cloud, 'P1', 'other').register()
    await other.authorize()
    const url = device.url
    for (const wrong of [url.replace('/cam1/', '/other/'), url.replace(/0$/, '1')]) {
      const made = await fetch(wrong, { method: 'POST', headers: device.headers() })
      assert.equal(made.status, 403)
    }
    const theft = await fetch(`${url}/${id}`, { method: 'HEAD', headers: other.headers() })
    assert.equal(theft.status, 403)
    assert.equal((await device.head(sliceId(99_999))).status, 404)
    assert.equal((await device.append(sliceId(99_999), 0, noise(1), undefined)).status, 404)
    assert.equal((await device.head('..%2f..%2fversion')).status, 404)
    await other.close()
  })

  test('409 tells where the slice ends', async () => {
    const id = nextId()
    await device.create(sliceStart({ id }))
    await device.append(id, 0, noise(100), undefined)
    for (const offset of [0, 99, 101]) {
      const response = await device.append(id, offset, noise(10), undefined)
      assert.equal(response.status, 409)
      assert.equal(response.headers.get('Upload-Offset'), '100')
    }
  })

  test('of two appends at one offset one wins', async () => {
    const id = nextId()
    await device.create(sliceStart({ id }))
    const twins = await Promise.all(
      [1, 2].map((seed) => device.append(id, 0, noise(5000, seed), undefined)),
    )
    assert.deepEqual(twins.map((response) => response.status).sort(), [204, 409])
    assert.equal((await device.head(id)).headers.get('Upload-Offset'), '5000')
  })

  test('410 once the device was deleted', async () => {
    const gone = await new TestDevice(cloud, 'P1', 'gone').register()
    await gone.authorize()
    await gone.create(sliceStart())
    assert.equal((await cloud.api('DELETE', gone.path)).status, 204)
    assert.equal((await gone.append(sliceId(1), 0, noise(1), undefined)).status, 410)
    assert.equal((await gone.create(sliceStart({ id: sliceId(2) }))).status, 410)
    await gone.close()
  })

  test('412, 413, 415, 460', async () => {
    const id = nextId()
    await device.create(sliceStart({ id }))
    const append = (more: Record<string, string>, data: Uint8Array = noise(10)) =>
      device.append(id, 0, data, undefined, more)
    const version = await append({ 'Tus-Resumable': '0.2.2' })
    assert.equal(version.status, 412)
    assert.equal(version.headers.get('Tus-Version'), '1.0.0')
    assert.equal((await append({ 'Content-Type': 'video/mp2t' })).status, 415)
    assert.equal((await append({}, Buffer.alloc(APPEND_MAX_BYTES + 1))).status, 413)
    const checksum = await append({ 'Upload-Checksum': `sha256 ${sha256(noise(10, 2))}` })
    assert.equal(checksum.status, 460)
    assert.equal((await device.head(id)).headers.get('Upload-Offset'), '0', 'nothing was written')
    assert.equal((await append({}, noise(APPEND_MAX_BYTES))).status, 204, 'the largest one works')
  })

  test('OPTIONS tells what the server can', async () => {
    const response = await fetch(device.url, { method: 'OPTIONS' })
    assert.equal(response.status, 204)
    assert.equal(response.headers.get('Tus-Extension'), 'creation,creation-defer-length,checksum')
    assert.equal(response.headers.get('Tus-Checksum-Algorithm'), 'sha256,sha1')
  })

  test('a silent slice is cut at its last whole piece; its device may still complete it', async () => {
    const id = nextId()
    const start = now
    await device.create(sliceStart({ id, startUtcMs: start }))
    const data = noise(2500)
    const [first, second] = pieces(2, { startMs: start })
    await device.append(id, 0, data.subarray(0, 1800), {
      pieces: [first!, { ...second!, b: 600, d: 1200, open: 1 }],
    })
    const slice = async () => {
      const response = await cloud.api(
        'GET',
        `${device.path}/channels/0/slices?from=${start}&to=${start + 9000}`,
      )
      const { slices } = (await response.json()) as {
        slices: { id: string; state: string; endMs: number }[]
      }
      return slices.find((found) => found.id === id)!
    }
    assert.equal((await slice()).endMs, start + 2000, 'the open piece does not count yet')
    now += 151_000
    await until('the cut', async () => (await slice()).state === 'cut')
    assert.equal((await slice()).endMs, start + 3200, 'now its whole pictures do')
    const asked = await device.head(id)
    assert.equal(asked.headers.get('Upload-Offset'), '1800')
    assert.equal(asked.headers.get('Upload-Length'), null)
    const rest = await device.append(
      id,
      1800,
      data.subarray(1800),
      { pieces: [{ ...second!, b: 1500 }] },
      { 'Upload-Length': '2500' },
    )
    assert.equal(rest.status, 204)
    assert.deepEqual([(await slice()).state, (await slice()).endMs], ['done', start + 4000])
    const read = await cloud.api('GET', `/../media/P1/cam1/0/${id}.ts`)
    assert.deepEqual(Buffer.from(await read.arrayBuffer()), data)
  })

  test("the device's next slice closes the one before", async () => {
    const id = nextId()
    await device.create(sliceStart({ id, startUtcMs: now }))
    await device.append(id, 0, noise(1000), { pieces: pieces(1, { startMs: now }) })
    await device.create(sliceStart({ id: nextId(), startUtcMs: now + 2000 }))
    const from = now
    now += 3500
    await until('the cut', async () => {
      const response = await cloud.api(
        'GET',
        `${device.path}/channels/0/slices?from=${from}&to=${from + 9000}`,
      )
      const { slices } = (await response.json()) as { slices: { id: string; state: string }[] }
      return slices.find((found) => found.id === id)?.state === 'cut'
    })
  })
})

test('507 while the disk has less free than it must', async () => {
  const cloud = await openCloud({ minFreeBytes: 2 ** 52 })
  try {
    const device = await new TestDevice(cloud).register()
    await device.authorize()
    const response = await device.create(sliceStart())
    assert.equal(response.status, 507)
    assert.ok(Number(response.headers.get('Retry-After')) > 0)
    await device.close()
  } finally {
    await cloud.remove()
  }
})
