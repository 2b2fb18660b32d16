import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Picture, type PictureOutcome, pictureOf } from '../../../runtime/event/picture.ts'
import { pictureType } from '../../../runtime/event/picture-upload.ts'
import { iv_err_code_e } from '../../../runtime/status.ts'
import { memoryLog } from '../../support/event-bench.ts'
import { FakeClock, settle } from '../../support/fake-clock.ts'

const { IV_ERR_NONE, IV_ERR_CS_HTTP_DATA_FAIL, IV_ERR_CS_INIT_PRM_RANGE } = iv_err_code_e
const GRANT = { url: 'http://127.0.0.1/p', token: 't', expiresAtMs: 0 }
const JPEG = new Uint8Array([0xff, 0xd8, 0xff, 0xdb, 0])

type Pending = { resolve(outcome: PictureOutcome): void; cancelled: boolean; bytes: Uint8Array }

const picture = () => {
  const clock = new FakeClock()
  const requests: Pending[] = []
  const back: [Uint8Array, iv_err_code_e][] = []
  const kept: Uint8Array[] = []
  let renewals = 0
  let settled = 0
  const one = new Picture({
    clock,
    random: () => 0.5,
    log: memoryLog(),
    put: (_, bytes) => {
      let resolve: Pending['resolve'] = () => {}
      const done = new Promise<{ outcome: PictureOutcome; message: string }>((settle) => {
        resolve = (outcome) => settle({ outcome, message: '' })
      })
      const pending = { resolve, cancelled: false, bytes }
      requests.push(pending)
      return {
        done,
        cancel: () => {
          pending.cancelled = true
        },
      }
    },
    renewGrant: () => void renewals++,
    keep: (bytes) => void kept.push(bytes),
    handBack: (bytes, code) => void back.push([bytes, code]),
    onSettled: () => void settled++,
  })
  return { one, clock, requests, back, kept, renewals: () => renewals, settled: () => settled }
}

test('uploaded, then handed back: the very object that was given', async () => {
  const { one, requests, back, settled } = picture()
  one.take({ pic: JPEG, size: 4 })
  assert.equal(one.isSettled, false)
  one.grant(GRANT)
  assert.deepEqual(requests[0]?.bytes, JPEG.subarray(0, 4))
  requests[0]?.resolve('ok')
  await settle()
  assert.equal(back.length, 1)
  assert.equal(back[0]?.[0], JPEG)
  assert.equal(back[0]?.[1], IV_ERR_NONE)
  assert.deepEqual([one.state, settled()], ['done', 1])
  one.abandon()
  assert.equal(back.length, 1)
})

for (const given of [
  { pic: null, size: 0 },
  { pic: null, size: 100 },
  { pic: JPEG, size: 0 },
])
  test(`no picture: ${JSON.stringify(given)}; nothing is handed back`, () => {
    const { one, requests, back } = picture()
    one.take(given)
    one.grant(GRANT)
    one.abandon()
    assert.deepEqual([one.state, one.isSettled, requests.length, back.length], ['none', true, 0, 0])
  })

test('a size beyond the bytes is refused, and the picture handed back with an error', () => {
  const { one, back } = picture()
  one.take({ pic: JPEG, size: 6 })
  assert.deepEqual(back, [[JPEG, IV_ERR_CS_INIT_PRM_RANGE]])
  assert.equal(one.state, 'failed')
})

test('a line that breaks: tried again, with growing waits', async () => {
  const { one, clock, requests, back } = picture()
  one.take({ pic: JPEG, size: 5 })
  one.grant(GRANT)
  for (let attempt = 0; attempt < 3; attempt++) {
    requests[attempt]?.resolve('retry')
    await clock.advance(1000)
    assert.equal(requests.length, attempt + 2)
  }
  requests[3]?.resolve('ok')
  await settle()
  assert.deepEqual(back, [[JPEG, IV_ERR_NONE]])
})

test('a token that is void: another is asked for, then it goes on', async () => {
  const { one, clock, requests, renewals } = picture()
  one.take({ pic: JPEG, size: 5 })
  one.grant(GRANT)
  requests[0]?.resolve('token')
  await clock.advance(1000)
  assert.deepEqual([renewals(), requests.length], [1, 1])
  one.grant(GRANT)
  assert.equal(requests.length, 2)
})

test('refused by the cloud: handed back with an error at once', async () => {
  const { one, requests, back, settled } = picture()
  one.take({ pic: JPEG, size: 5 })
  one.grant(GRANT)
  requests[0]?.resolve('reject')
  await settle()
  assert.deepEqual(back, [[JPEG, IV_ERR_CS_HTTP_DATA_FAIL]])
  assert.deepEqual([one.state, settled()], ['failed', 1])
})

test('given up while a request is under way: handed back only when the request has let go of it', async () => {
  const { one, requests, back, kept } = picture()
  one.take({ pic: JPEG, size: 5 })
  one.grant(GRANT)
  one.abandon()
  await settle()
  assert.deepEqual([requests[0]?.cancelled, back.length, one.isSettled], [true, 0, true])
  requests[0]?.resolve('retry')
  await settle()
  assert.deepEqual(back, [[JPEG, IV_ERR_CS_HTTP_DATA_FAIL]])
  assert.deepEqual(kept, [JPEG], 'who sends it later had it first')
})

test('given up during a wait: handed back at once, no timer left', async () => {
  const { one, clock, requests, back } = picture()
  one.take({ pic: JPEG, size: 5 })
  one.grant(GRANT)
  requests[0]?.resolve('retry')
  await settle()
  one.abandon()
  assert.equal(back.length, 1)
  assert.equal(clock.timers, 0)
})

test('kinds of pictures', () => {
  assert.equal(pictureType(JPEG), 'image/jpeg')
  assert.equal(
    pictureType(new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0])),
    'image/png',
  )
  assert.equal(pictureType(new Uint8Array([1, 2, 3])), 'application/octet-stream')
  assert.equal(pictureType(new Uint8Array(0)), 'application/octet-stream')
})

test('a picture of more than 4 MiB is refused', () => {
  const big = new Uint8Array(4 * 1024 * 1024 + 1)
  const checked = pictureOf({ pic: big, size: big.length })
  assert.match(checked && 'fault' in checked ? checked.fault : '', /at most 4194304 bytes/)
})
