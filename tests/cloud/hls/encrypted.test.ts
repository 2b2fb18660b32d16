import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SliceEncryption } from '../../../cloud/server/contract.ts'
import { mediaPlaylist } from '../../../cloud/server/hls/playlist.ts'
import { segmentsOf, segmentsWithin } from '../../../cloud/server/hls/segments.ts'
import { needsOwnerKey, pieceIv, requireReadable } from '../../../cloud/server/hls/slice-key.ts'
import type { Slice } from '../../../cloud/server/store/index/types.ts'
import { pieces, sliceId, sliceStart } from '../support/device.ts'

const T0 = Date.UTC(2026, 10, 24, 10)
const IV = 'fffffffffffffffffffffffffffffffe'
const CLOUD: SliceEncryption = { method: 'AES-128', iv: IV, key: '0'.repeat(32) }
const OWNER: SliceEncryption = { method: 'AES-128', iv: IV, wrappedKey: 'A'.repeat(344) }

const slice = (number: number, startMs: number, more: Partial<Slice> = {}): Slice => ({
  ...sliceStart({ id: sliceId(number), startUtcMs: startMs }),
  deviceId: 1,
  channel: 0,
  state: 'done',
  bytes: 10_000,
  pieces: pieces(3, { startMs }),
  ...more,
})
const lines = (slices: Slice[]): string[] =>
  mediaPlaylist(segmentsOf(slices), {
    isClosed: true,
    isLive: false,
    uriOf: (file) => `/m/${file}`,
  })
    .split('\n')
    .filter((line) => /^(#EXT-X-(KEY|MAP|BYTERANGE)|\/)/.test(line))

test('TS: each GOP has its IV, one greater than that of the one before', () => {
  const { id } = slice(1, T0)
  assert.deepEqual(lines([slice(1, T0, { encryption: CLOUD })]), [
    `#EXT-X-KEY:METHOD=AES-128,URI="/m/${id}.key",IV=0xfffffffffffffffffffffffffffffffe`,
    '#EXT-X-BYTERANGE:1000@0',
    `/m/${id}.ts`,
    `#EXT-X-KEY:METHOD=AES-128,URI="/m/${id}.key",IV=0xffffffffffffffffffffffffffffffff`,
    '#EXT-X-BYTERANGE:1000@1000',
    `/m/${id}.ts`,
    `#EXT-X-KEY:METHOD=AES-128,URI="/m/${id}.key",IV=0x00000000000000000000000000000000`,
    '#EXT-X-BYTERANGE:1000@2000',
    `/m/${id}.ts`,
  ])
})

test('fMP4: a segment a fragment, and the init segment outside of every key', () => {
  const fragments = (startMs: number) =>
    pieces(2, { startMs, durationMs: 500, offset: 700 }).map((piece, at) => ({
      ...piece,
      k: at === 0 ? 1 : 0,
    }))
  const fmp4 = (number: number, startMs: number): Slice =>
    slice(number, startMs, {
      format: 'fmp4',
      initBytes: 700,
      pieces: fragments(startMs),
      encryption: OWNER,
    })
  const kinds = lines([fmp4(1, T0), fmp4(2, T0 + 1000)]).map(
    (line) => /METHOD=[A-Z]+|EXT-X-MAP|\.wrapped-key|BYTERANGE|mp4/.exec(line)![0],
  )
  const segment = ['METHOD=AES', 'BYTERANGE', 'mp4']
  assert.deepEqual(kinds, [
    ...['EXT-X-MAP', ...segment, ...segment],
    ...['METHOD=NONE', 'EXT-X-MAP', ...segment, ...segment],
  ])
})

test('after an encrypted slice a clear one says that it is', () => {
  const keys = lines([slice(1, T0, { encryption: CLOUD }), slice(2, T0 + 6000)]).filter((line) =>
    line.startsWith('#EXT-X-KEY'),
  )
  assert.equal(keys.length, 4)
  assert.equal(keys.at(-1), '#EXT-X-KEY:METHOD=NONE')
})

test('a range begins with an IDR, also where fragments are segments', () => {
  const startMs = T0
  const encrypted = slice(1, T0, {
    format: 'fmp4',
    initBytes: 700,
    encryption: CLOUD,
    pieces: pieces(8, { startMs, durationMs: 500, offset: 700 }).map((piece, at) => ({
      ...piece,
      k: at % 4 === 0 ? 1 : 0,
    })),
  })
  const within = segmentsWithin(segmentsOf([encrypted]), T0 + 3100, T0 + 3600)
  assert.deepEqual(
    within.map(({ startMs: at }) => at - T0),
    [2000, 2500, 3000, 3500],
  )
})

test('an IV is a number of 128 bits', () => {
  assert.equal(pieceIv('0'.repeat(32), 255), `${'0'.repeat(30)}ff`)
  assert.equal(pieceIv(IV, 5), `${'0'.repeat(31)}3`)
})

test('who has no key says so', () => {
  assert.equal(needsOwnerKey({ encryption: OWNER }), true)
  assert.equal(needsOwnerKey({ encryption: CLOUD }), false)
  assert.equal(needsOwnerKey({}), false)
  assert.throws(() => requireReadable([slice(1, T0, { encryption: OWNER })]), {
    code: 'owner_key_needed',
    status: 409,
  })
  requireReadable([slice(1, T0, { encryption: CLOUD }), slice(2, T0)])
})
