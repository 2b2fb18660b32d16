import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { joinRanges, partsOf } from '../../../cloud/viewer/export/segments.ts'

const BASE = 'http://cloud/api/x/playlist.m3u8'
const HEAD = '#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n'
const piece = (name: string, bytes: number, offset: number) =>
  `#EXTINF:2.0,\n#EXT-X-BYTERANGE:${bytes}@${offset}\n/media/${name}\n`
const at = (iso: string) => `#EXT-X-PROGRAM-DATE-TIME:${iso}\n`
const map = (name: string, bytes: number) =>
  `#EXT-X-MAP:URI="/media/${name}",BYTERANGE="${bytes}@0"\n`

describe('parts of a playlist', () => {
  test('TS: one part until the timestamps begin anew', () => {
    const text = `${HEAD}${at('2026-11-24T10:00:00.000Z')}${piece('a.ts', 100, 0)}${piece('a.ts', 50, 100)}#EXT-X-DISCONTINUITY\n${at('2026-11-24T10:00:04.000Z')}${piece('b.ts', 70, 10)}`
    const url = (name: string) => `http://cloud/media/${name}`
    assert.deepEqual(partsOf(text, BASE), [
      {
        init: undefined,
        pieces: [
          { url: url('a.ts'), offset: 0, bytes: 100 },
          { url: url('a.ts'), offset: 100, bytes: 50 },
        ],
        startMs: Date.UTC(2026, 10, 24, 10),
      },
      {
        init: undefined,
        pieces: [{ url: url('b.ts'), offset: 10, bytes: 70 }],
        startMs: Date.UTC(2026, 10, 24, 10, 0, 4),
      },
    ])
  })

  test('fMP4: each part has the init segment that is for it', () => {
    const text = `${HEAD}${map('a.mp4', 700)}${piece('a.mp4', 100, 700)}${map('b.mp4', 800)}${piece('b.mp4', 90, 800)}`
    const parts = partsOf(text, BASE)
    assert.deepEqual(
      parts.map(({ init }) => init?.bytes),
      [700, 800],
    )
    assert.deepEqual(
      parts.map(({ pieces }) => pieces.map(({ bytes }) => bytes)),
      [[100], [90]],
    )
  })

  test('ranges that follow each other in a file are fetched as one', () => {
    const range = (url: string, offset: number, bytes: number) => ({ url, offset, bytes })
    assert.deepEqual(
      joinRanges([range('a', 0, 10), range('a', 10, 5), range('b', 15, 1), range('a', 16, 1)]),
      [range('a', 0, 15), range('b', 15, 1), range('a', 16, 1)],
    )
  })
})
