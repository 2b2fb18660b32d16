import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Piece } from '../../../runtime/mqtt/messages.ts'
import { openCloud, type TestCloud } from '../support/cloud.ts'
import { noise, sliceId, sliceStart, TestDevice } from '../support/device.ts'

/** A live slice in fMP4: GOPs of four fragments of half a second. */
const INIT = 100
const PART = 1000
const fragment = (number: number, startMs: number): Piece => ({
  o: INIT + number * PART,
  b: PART,
  t: startMs + number * 500,
  d: 500,
  n: 12,
  k: number % 4 === 0 ? 1 : 0,
})

let cloud: TestCloud
let device: TestDevice
let startMs = 0
const ID = sliceId(1)
const data = noise(INIT + 40 * PART)
before(async () => {
  cloud = await openCloud()
  device = await new TestDevice(cloud).register()
  await device.authorize()
  startMs = Date.now() - 10_000
  await device.create(sliceStart({ id: ID, format: 'fmp4', startUtcMs: startMs, initBytes: INIT }))
})
after(async () => {
  await device.close()
  await cloud.remove()
})

let sent = 0
const send = async () => {
  const from = sent === 0 ? 0 : INIT + sent * PART
  const bytes = data.subarray(from, INIT + (sent + 1) * PART)
  const done = await device.append(ID, from, bytes, { pieces: [fragment(sent, startMs)] })
  assert.equal(done.status, 204, await done.text())
  sent++
}
const get = (query: string) =>
  cloud.api('GET', `/devices/P1/cam1/channels/0/playlist.m3u8?from=${startMs - 1000}${query}`)
const playlist = async (query = '&latency=low') => {
  const answer = await get(query)
  const text = await answer.text()
  assert.equal(answer.status, 200, text)
  return text
}
const count = (text: string, what: RegExp) => text.match(what)?.length ?? 0

test('fragments are listed before their GOP is whole, and only for who asks for it', async () => {
  await send()
  const first = await playlist()
  assert.deepEqual([count(first, /EXT-X-PART:/g), count(first, /EXTINF/g)], [1, 0])
  assert.match(
    first,
    /EXT-X-PART:DURATION=0\.500000,URI="\/media\S+",BYTERANGE="1000@100",INDEPENDENT=YES/,
  )
  assert.match(first, /CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1\.800/)
  assert.match(first, /PART-TARGET=0\.600/)
  assert.match(first, /EXT-X-MAP:URI="\/media\S+",BYTERANGE="100@0"/)
  const usual = await playlist('')
  assert.deepEqual([count(usual, /EXT-X-PART/g), count(usual, /EXTINF/g)], [0, 0])
  for (let more = 0; more < 5; more++) await send()
  const later = await playlist()
  // a whole GOP with its four parts, two more of the next
  assert.deepEqual([count(later, /EXT-X-PART:/g), count(later, /EXTINF/g)], [6, 1])
  assert.ok(later.indexOf('EXTINF') > later.indexOf('BYTERANGE="1000@3100"'))
  assert.ok(later.indexOf('EXTINF') < later.indexOf('BYTERANGE="1000@4100"'))
})

test('a player that asks for what comes next is answered when it is there', async () => {
  const waiting = playlist('&latency=low&_HLS_msn=1&_HLS_part=2')
  const state = await Promise.race([
    waiting.then(() => 'answered'),
    new Promise((resolve) => setTimeout(() => resolve('waiting'), 300)),
  ])
  assert.equal(state, 'waiting')
  await send()
  assert.match(await waiting, /BYTERANGE="1000@6100"/)
  assert.match(await playlist('&latency=low&_HLS_msn=1&_HLS_part=2'), /BYTERANGE="1000@6100"/)
  const whole = playlist('&latency=low&_HLS_msn=1')
  await send()
  await send()
  assert.equal(count(await whole, /EXTINF/g), 2)
  assert.equal((await get('&latency=low&_HLS_msn=99')).status, 400)
})

test('parts that are three target durations old are listed by their segment only', async () => {
  while (sent < 30) await send()
  const text = await playlist()
  assert.equal(count(text, /EXTINF/g), 7)
  const parts = count(text, /EXT-X-PART:/g)
  assert.ok(parts >= 12 && parts <= 18, `${parts} parts`)
  const order = [...text.matchAll(/BYTERANGE[:=]"?(\d+)@(\d+)/g)].map(([, , at]) => Number(at))
  assert.ok(order.includes(INIT + 29 * PART))
})

test('what is over has no parts to wait for', async () => {
  const end = {
    endUtcMs: startMs + 15_000,
    endPtsMs: 15_000,
    endSeq: 1,
    frames: 360,
    reason: 'stop' as const,
  }
  const length = INIT + sent * PART
  await device.append(
    ID,
    length,
    new Uint8Array(0),
    { pieces: [], end },
    {
      'Upload-Length': String(length),
    },
  )
  const text = await playlist('&latency=low&_HLS_msn=7')
  assert.equal(count(text, /EXTINF/g), 8, 'the last GOP is whole now')
})
