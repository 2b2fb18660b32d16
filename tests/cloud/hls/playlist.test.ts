import assert from 'node:assert/strict'
import { test } from 'node:test'
import { masterPlaylist, mediaPlaylist } from '../../../cloud/server/hls/playlist.ts'
import { continues, segmentsOf } from '../../../cloud/server/hls/segments.ts'
import type { Slice } from '../../../cloud/server/store/index/types.ts'
import { pieces, sliceId, sliceStart } from '../support/device.ts'

const T0 = Date.UTC(2026, 10, 24, 10)

const slice = (number: number, startMs: number, more: Partial<Slice> = {}): Slice => ({
  ...sliceStart({ id: sliceId(number), startUtcMs: startMs }),
  deviceId: 1,
  channel: 0,
  state: 'done',
  bytes: 3000,
  pieces: pieces(3, { startMs }),
  ...more,
})

const playlist = (slices: Slice[], more = {}) =>
  mediaPlaylist(segmentsOf(slices), {
    isClosed: true,
    isLive: false,
    uriOf: (file) => `/m/${file}`,
    ...more,
  })

test('a slice in TS: a segment a GOP', () => {
  const { id } = slice(1, T0)
  assert.deepEqual(
    playlist([slice(1, T0, { pieces: pieces(2, { startMs: T0, durationMs: 2480 }) })]).split('\n'),
    [
      '#EXTM3U',
      '#EXT-X-VERSION:6',
      '#EXT-X-TARGETDURATION:2',
      '#EXT-X-MEDIA-SEQUENCE:0',
      '#EXT-X-INDEPENDENT-SEGMENTS',
      '#EXT-X-PLAYLIST-TYPE:VOD',
      '#EXT-X-PROGRAM-DATE-TIME:2026-11-24T10:00:00.000Z',
      '#EXTINF:2.480000,',
      '#EXT-X-BYTERANGE:1000@0',
      `/m/${id}.ts`,
      '#EXTINF:2.480000,',
      '#EXT-X-BYTERANGE:1000@1000',
      `/m/${id}.ts`,
      '#EXT-X-ENDLIST',
      '',
    ],
  )
})

test('fMP4: fragments are grouped from IDR to IDR, each slice names its own init segment', () => {
  const fragments = pieces(6, { startMs: T0, durationMs: 500, offset: 700 }).map((piece, at) => ({
    ...piece,
    k: at % 3 === 0 ? 1 : 0,
  }))
  const fmp4 = (number: number, startMs: number, more: Partial<Slice> = {}) =>
    slice(number, startMs, {
      format: 'fmp4',
      initBytes: 700,
      bytes: 6700,
      pieces: fragments,
      ...more,
    })
  const text = playlist([fmp4(1, T0), fmp4(2, T0)])
  assert.equal(text.match(/#EXT-X-MAP:URI="\/m\/[^"]+\.mp4",BYTERANGE="700@0"/g)?.length, 2)
  assert.deepEqual(text.match(/BYTERANGE:.*/g)?.slice(0, 2), [
    'BYTERANGE:3000@700',
    'BYTERANGE:3000@3700',
  ])
  assert.deepEqual(text.match(/EXTINF:.*/g)?.[0], 'EXTINF:1.500000,')
  const open = segmentsOf([fmp4(1, T0, { state: 'open' })])
  assert.equal(open.length, 1, 'the last GOP of an open slice may still get fragments')
})

const CONTINUITY: [string, Partial<Slice>, Partial<Slice>, boolean][] = [
  ['the next of the same boot', {}, {}, true],
  ['one that the device marks', {}, { discontinuity: true }, false],
  ['one is missing between', {}, { id: sliceId(3) }, false],
  ['another boot', {}, { id: sliceId(2, 'ffffffffffffffff') }, false],
  ['after one that the cloud cut', { state: 'cut' }, {}, false],
  ['another size', {}, { width: 640 }, false],
  ['other codecs', {}, { codecs: 'hvc1.1.6.L93.B0' }, false],
]

test('discontinuities', () => {
  for (const [what, first, second, goesOn] of CONTINUITY) {
    const [a, b] = [slice(1, T0, first), slice(2, T0 + 6000, second)]
    assert.equal(continues(a, b), goesOn, what)
    const text = playlist([a, b])
    assert.equal(text.includes('#EXT-X-DISCONTINUITY\n'), !goesOn, what)
    assert.equal(text.match(/PROGRAM-DATE-TIME/g)?.length, goesOn ? 1 : 2, what)
  }
})

test('a hole in time has its own date, also where timestamps continue', () => {
  const text = playlist([slice(1, T0), slice(2, T0 + 9000)])
  assert.match(text, /PROGRAM-DATE-TIME:2026-11-24T10:00:09\.000Z/)
})

test('what is not whole is not listed', () => {
  const [a, b, c] = pieces(3, { startMs: T0 })
  const openPiece = { ...c!, b: 400, open: 1 }
  assert.equal(segmentsOf([slice(1, T0, { bytes: 2999 })]).length, 2, 'bytes are missing')
  assert.equal(
    segmentsOf([slice(1, T0, { state: 'open', pieces: [a!, b!, openPiece] })]).length,
    2,
    'it may grow',
  )
  assert.equal(
    segmentsOf([slice(1, T0, { state: 'cut', bytes: 2400, pieces: [a!, b!, openPiece] })]).length,
    3,
    'it does not grow any more',
  )
})

test('live: counts what has left the list', () => {
  const text = playlist([slice(1, T0)], {
    isClosed: false,
    isLive: true,
    mediaSequence: 7,
    discontinuitySequence: 2,
  })
  assert.match(text, /#EXT-X-MEDIA-SEQUENCE:7\n#EXT-X-DISCONTINUITY-SEQUENCE:2/)
  assert.doesNotMatch(text, /ENDLIST|PLAYLIST-TYPE/)
})

test('an empty playlist is a playlist', () => {
  assert.match(playlist([]), /^#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:1\n/)
})

test('master playlist', () => {
  const text = masterPlaylist(segmentsOf([slice(1, T0)]), {
    codecs: 'avc1.64001f,mp4a.40.2',
    width: 1280,
    height: 720,
    uri: 'x.m3u8',
  })
  assert.deepEqual(text.split('\n'), [
    '#EXTM3U',
    '#EXT-X-VERSION:6',
    '#EXT-X-STREAM-INF:BANDWIDTH=4000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720',
    'x.m3u8',
    '',
  ])
})
