import assert from 'node:assert/strict'
import { test } from 'node:test'
import { uncovered } from '../../../cloud/server/losses/uncovered.ts'

type Range = [startMs: number, endMs: number]

const cases: { name: string; loss: Range; recordings: Range[]; shown: [...Range, number][] }[] = [
  { name: 'nothing was recorded', loss: [0, 10_000], recordings: [], shown: [[0, 10_000, 1000]] },
  { name: 'all of it is there', loss: [0, 10_000], recordings: [[0, 10_000]], shown: [] },
  { name: 'and more', loss: [1000, 9000], recordings: [[0, 10_000]], shown: [] },
  {
    name: 'its beginning is there',
    loss: [0, 10_000],
    recordings: [[0, 4000]],
    shown: [[4000, 10_000, 600]],
  },
  {
    name: 'its end is there',
    loss: [0, 10_000],
    recordings: [[8000, 20_000]],
    shown: [[0, 8000, 800]],
  },
  {
    name: 'its middle is there: two parts share its bytes',
    loss: [0, 10_000],
    recordings: [[2000, 5000]],
    shown: [
      [0, 2000, 200],
      [5000, 10_000, 500],
    ],
  },
  {
    name: 'recordings around it change nothing',
    loss: [5000, 6000],
    recordings: [
      [0, 5000],
      [6000, 9000],
    ],
    shown: [[5000, 6000, 1000]],
  },
  {
    name: 'a rest of a fraction of a picture',
    loss: [0, 10_000],
    recordings: [[0, 9900]],
    shown: [],
  },
  {
    name: 'a moment that nothing covers',
    loss: [5000, 5000],
    recordings: [],
    shown: [[5000, 5000, 1000]],
  },
  {
    name: 'a moment inside a recording: a frame that was refused',
    loss: [5000, 5000],
    recordings: [[0, 9000]],
    shown: [[5000, 5000, 1000]],
  },
]

for (const { name, loss, recordings, shown } of cases)
  test(name, () => {
    const [startMs, endMs] = loss
    const told = { id: 'a', channel: 0, startMs, endMs, bytes: 1000, cause: 'drop' as const }
    const parts = uncovered(
      [told],
      recordings.map(([startMs, endMs]) => ({ startMs, endMs })),
    )
    assert.deepEqual(
      parts.map((part) => [part.startMs, part.endMs, part.bytes]),
      shown,
    )
    assert.ok(parts.every((part) => part.id === 'a' && part.cause === 'drop'))
  })
