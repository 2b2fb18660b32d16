import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  hourIndexKey,
  hourIndexSchema,
  objectKey,
  packObjectPieces,
  parseIndexKey,
  parseObjectKey,
  sliceIndexKey,
  unpackObjectPieces,
} from '../../../../runtime/mqtt/bucket-layout.ts'
import type { Piece, SliceStart } from '../../../../runtime/mqtt/messages.ts'
import { bucketUrl } from '../../../../runtime/upload/bucket/client.ts'
import { JOINED_MAX_BYTES, objectEnd } from '../../../../runtime/upload/bucket/cut.ts'
import { SliceIndexes } from '../../../../runtime/upload/bucket/indexes.ts'
import { bufferFault, ringBytesFor } from '../../../../runtime/upload/bucket/options.ts'
import { structureFault } from '../../../../runtime/upload/bucket/structure.ts'

const T0 = Date.UTC(2026, 10, 24, 13, 5)
const idOf = (number: number): string => `00000000000000aa-${String(number).padStart(8, '0')}`

const piece = (o: number, b: number, k: number, more: Partial<Piece> = {}): Piece => ({
  o,
  b,
  t: T0 + o,
  d: 500,
  n: 12,
  k,
  ...more,
})

const slice = (number: number, startUtcMs = T0): SliceStart => ({
  id: idOf(number),
  format: 'ts',
  codecs: 'avc1.4d4032',
  width: 640,
  height: 360,
  startUtcMs,
  startPtsMs: 0,
  startSeq: 0,
  discontinuity: false,
  initBytes: 0,
})

describe('where an object ends', () => {
  const open = piece(300, 50, 1, { open: 1 })
  for (const [name, pending, ended, pressed, end] of [
    ['nothing', [], false, false, undefined],
    ['a GOP that grows', [piece(0, 100, 1, { open: 1 })], false, false, undefined],
    ['a GOP, and the next has begun', [piece(0, 300, 1), open], false, false, 300],
    [
      'fragments of a GOP that goes on',
      [piece(0, 100, 1), piece(100, 100, 0)],
      false,
      false,
      undefined,
    ],
    [
      'the same, when the buffer fills up',
      [piece(0, 100, 1), piece(100, 100, 0)],
      false,
      true,
      200,
    ],
    [
      'the same, when the slice has ended',
      [piece(0, 100, 1), piece(100, 100, 0)],
      true,
      false,
      200,
    ],
    [
      'fragments up to the next IDR',
      [piece(0, 150, 1), piece(150, 150, 0), open],
      false,
      false,
      300,
    ],
    [
      'small GOPs that wait go together',
      [piece(0, 100, 1), piece(100, 200, 1), open],
      false,
      false,
      300,
    ],
    [
      'large ones do not',
      [piece(0, JOINED_MAX_BYTES, 1), piece(JOINED_MAX_BYTES, 9, 1)],
      true,
      false,
      JOINED_MAX_BYTES,
    ],
    [
      'no more pieces than metadata holds',
      Array.from({ length: 40 }, (_, at) => piece(at * 10, 10, at === 0 ? 1 : 0)),
      false,
      false,
      160,
    ],
  ] as const)
    test(name, () => assert.equal(objectEnd(pending, ended, pressed), end))
})

describe('structure of an object', () => {
  const packets = Buffer.alloc(188 * 3)
  for (let at = 0; at < packets.length; at += 188) packets[at] = 0x47
  const box = (type: string, bytes: number): Buffer => {
    const made = Buffer.alloc(bytes)
    made.writeUInt32BE(bytes)
    made.write(type, 4, 'latin1')
    return made
  }
  const fragment = Buffer.concat([box('moof', 40), box('mdat', 100)])
  const broken = Buffer.from(packets)
  broken[188] = 0
  const encryption = { method: 'AES-128' as const, iv: '0'.repeat(32), key: '0'.repeat(32) }
  const split = (bytes: Buffer): Buffer[] => [bytes.subarray(0, 101), bytes.subarray(101)]
  for (const [name, start, bytes, initBytes, fault] of [
    ['whole packets', { format: 'ts' }, packets, 0, undefined],
    ['a packet that is cut', { format: 'ts' }, packets.subarray(0, 200), 0, /not whole TS packets/],
    ['no sync byte', { format: 'ts' }, broken, 0, /no sync byte at 188/],
    ['boxes', { format: 'fmp4' }, fragment, 0, undefined],
    [
      'a box that is longer than the object',
      { format: 'fmp4' },
      fragment.subarray(0, 120),
      0,
      /box at 40 has 100/,
    ],
    ['what is no box', { format: 'fmp4' }, packets, 0, /no box of a slice at 0/],
    ['whole blocks', { format: 'ts', encryption }, Buffer.alloc(192), 0, undefined],
    ['half a block', { format: 'ts', encryption }, Buffer.alloc(200), 0, /not whole AES blocks/],
    [
      'a clear beginning, then blocks',
      { format: 'fmp4', encryption },
      Buffer.concat([box('ftyp', 24), Buffer.alloc(160)]),
      24,
      undefined,
    ],
  ] as const)
    test(name, () => {
      const said = structureFault(start, split(bytes), initBytes)
      if (fault) assert.match(said ?? 'nothing', fault)
      else assert.equal(said, undefined)
    })
})

describe('keys', () => {
  test('say what they name', () => {
    const base = 'P/d/0'
    const object = objectKey(base, slice(7), 4711)
    assert.equal(object, `P/d/0/20261124/13/${idOf(7)}/0000004711.ts`)
    assert.deepEqual(parseObjectKey(object), {
      day: '20261124',
      id: idOf(7),
      offset: 4711,
      format: 'ts',
    })
    assert.equal(parseIndexKey(object), undefined)
    const index = sliceIndexKey(base, slice(7))
    assert.equal(index, `P/d/0/20261124/index/13/${idOf(7)}.json`)
    assert.equal(parseObjectKey(index), undefined)
    assert.equal(parseIndexKey(index)?.last, 7)
    const hour = parseIndexKey(hourIndexKey(base, slice(7), idOf(99)))
    assert.deepEqual([hour?.first, hour?.last, hour?.hour], [7, 99, '13'])
  })

  test('pieces survive their short form', () => {
    const pieces = [piece(700, 10, 1), piece(710, 20, 0, { d: 41.708 }), piece(730, 5, 1)]
    assert.deepEqual(unpackObjectPieces(packObjectPieces(pieces), 700, pieces[0]!.t), pieces)
  })

  test('path-style and as a part of the host', () => {
    const bucket = { endpoint: 'https://s3.example:9000/base/', bucket: 'b1' }
    assert.equal(
      bucketUrl({ ...bucket, pathStyle: true }, 'a/b').href,
      'https://s3.example:9000/base/b1/a/b',
    )
    assert.equal(
      bucketUrl({ ...bucket, pathStyle: false }, 'a/b').href,
      'https://b1.s3.example:9000/base/a/b',
    )
  })

  test('bytes of a buffer', () => {
    assert.equal(ringBytesFor(1_000_000), 2_252_800)
    assert.equal(bufferFault([{ channel_id: 1, u32MaxGopSize: 2_252_800 }], 1_000_000), undefined)
    assert.equal(bufferFault([{ channel_id: 1, u32MaxGopSize: 4096 }], undefined), undefined)
  })
})

describe('indexes', () => {
  const record = (indexes: SliceIndexes, start: SliceStart): void => {
    indexes.add(start, { o: 0, b: 100, h: '0'.repeat(64) }, [piece(0, 100, 1)])
    indexes.finish({ endUtcMs: T0, endPtsMs: 0, endSeq: 0, frames: 1, reason: 'idr' })
  }
  const names = (indexes: SliceIndexes): string[] =>
    indexes.waiting.map(({ key }) => key.replace(/^.*-0*/, '').replace('.json', ''))

  test('an hour’s holds numbers without a gap, and nothing of another hour', () => {
    const indexes = new SliceIndexes('P/d/0')
    for (const number of [1, 2, 3, 5, 6]) record(indexes, slice(number))
    record(indexes, slice(7, T0 + 3_600_000))
    indexes.finishHour()
    assert.deepEqual(names(indexes), ['1', '2', '3', '5', '1_00000003', '6', '7', '5_00000006'])
    const hour = hourIndexSchema.parse(JSON.parse(indexes.waiting[4]!.text))
    assert.deepEqual(
      hour.slices.map(({ start }) => start.id),
      [1, 2, 3].map(idOf),
    )
  })

  test('an hour has several when they are large', () => {
    const indexes = new SliceIndexes('P/d/0')
    const hours: string[] = []
    const take = (): void => {
      for (const { key, text } of indexes.waiting.splice(0)) if (key.includes('_')) hours.push(text)
    }
    for (let number = 1; number <= 360; number++) {
      record(indexes, slice(number))
      take()
    }
    indexes.finishHour()
    take()
    assert.ok(hours.length > 1)
    assert.ok(hours.every((text) => text.length < 70_000))
    const ids = hours.flatMap((text) =>
      hourIndexSchema.parse(JSON.parse(text)).slices.map(({ start }) => start.id),
    )
    assert.deepEqual(
      ids,
      Array.from({ length: 360 }, (_, at) => idOf(at + 1)),
    )
  })
})
