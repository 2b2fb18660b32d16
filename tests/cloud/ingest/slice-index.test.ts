import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppendIndex, Piece } from '../../../cloud/server/contract.ts'
import { applyIndex } from '../../../cloud/server/ingest/slice-index.ts'
import type { Slice } from '../../../cloud/server/store/index/types.ts'
import { sliceStart } from '../support/device.ts'

const T0 = 1_780_000_000_000
const piece = (o: number, b: number, more: Partial<Piece> = {}): Piece => ({
  o,
  b,
  t: T0 + o,
  d: b,
  n: b / 100,
  k: 1,
  ...more,
})
const END: AppendIndex['end'] = {
  endUtcMs: T0 + 1500,
  endPtsMs: 1500,
  endSeq: 15,
  frames: 15,
  reason: 'stop',
}
const slice: Slice = {
  ...sliceStart({ startUtcMs: T0 }),
  deviceId: 1,
  channel: 0,
  state: 'open',
  bytes: 0,
  pieces: [],
}

type Case = {
  what: string
  known: Piece[]
  told: Piece[]
  end?: boolean
  bytes: number
  /** pieces afterwards, or what is wrong */
  gives: Piece[] | RegExp
}

const whole = piece(0, 1000)
const cases: Case[] = [
  {
    what: 'an open piece grows, then is finished',
    known: [piece(0, 500, { open: 1 })],
    told: [whole],
    bytes: 1000,
    gives: [whole],
  },
  {
    what: 'an open piece does not shrink',
    known: [piece(0, 1000, { open: 1 })],
    told: [piece(0, 500, { open: 1 })],
    bytes: 1000,
    gives: /shrank from 1000 to 500/,
  },
  {
    what: 'a finished piece does not change',
    known: [whole],
    told: [piece(0, 900)],
    bytes: 500,
    gives: /a finished piece changed/,
  },
  {
    what: 'the end shortens a piece that will never be whole',
    known: [whole, piece(1000, 1000)],
    told: [piece(1000, 500)],
    end: true,
    bytes: 1700,
    gives: [whole, piece(1000, 500)],
  },
  {
    what: 'what was announced behind it will not come either',
    known: [whole, piece(1000, 1000), piece(2000, 300)],
    told: [piece(1000, 500)],
    end: true,
    bytes: 1500,
    gives: [whole, piece(1000, 500)],
  },
  {
    what: 'what is here whole stays so, whatever the device has kept of it',
    known: [whole, piece(1000, 500, { open: 1 })],
    told: [piece(0, 400), piece(1000, 200)],
    end: true,
    bytes: 1500,
    gives: [whole, piece(1000, 500, { open: 1 })],
  },
  {
    what: 'an end makes no piece longer',
    known: [whole],
    told: [piece(0, 1100)],
    end: true,
    bytes: 1100,
    gives: /a finished piece changed/,
  },
  {
    what: 'nor another one',
    known: [whole],
    told: [piece(0, 500, { t: T0 + 40 })],
    end: true,
    bytes: 500,
    gives: /a finished piece changed/,
  },
]

for (const { what, known, told, end, bytes, gives } of cases)
  test(what, () => {
    const index: AppendIndex = { pieces: told, ...(end && { end: END }) }
    const applied = applyIndex({ ...slice, pieces: known }, index, bytes)
    if ('fault' in applied) assert.match(applied.fault, gives as RegExp)
    else assert.deepEqual(applied.pieces, gives)
  })
