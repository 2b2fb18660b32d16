import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  clampView,
  contains,
  panView,
  spanOf,
  zoomView,
} from '../../../cloud/viewer/timeline/view.ts'

const DAY_MS = 86_400_000
const NOW_MS = Date.UTC(2026, 10, 24, 12)
const day = { fromMs: NOW_MS - DAY_MS / 2, toMs: NOW_MS + DAY_MS / 2 }

describe('view of the time line', () => {
  test('zooming keeps the moment under the pointer where it is', () => {
    const aroundMs = NOW_MS - 3_600_000
    const zoomed = zoomView(day, 0.25, aroundMs, NOW_MS)
    assert.equal(spanOf(zoomed), DAY_MS / 4)
    const place = (view: typeof day) => (aroundMs - view.fromMs) / spanOf(view)
    assert.ok(Math.abs(place(zoomed) - place(day)) < 1e-9)
  })

  test('it goes from two months down to ten seconds and no further', () => {
    assert.equal(spanOf(zoomView(day, 1e6, NOW_MS, NOW_MS)), 62 * DAY_MS)
    assert.equal(spanOf(zoomView(day, 1e-6, NOW_MS, NOW_MS)), 10_000)
  })

  test('it stays where there can be something', () => {
    assert.equal(panView(day, 1000 * DAY_MS, NOW_MS).toMs, NOW_MS + DAY_MS)
    assert.equal(panView(day, -1000 * DAY_MS, NOW_MS).fromMs, NOW_MS - 400 * DAY_MS)
    assert.deepEqual(clampView(day.fromMs, DAY_MS, NOW_MS), day)
  })

  test('a view has its start and not its end', () => {
    assert.equal(contains(day, day.fromMs), true)
    assert.equal(contains(day, day.toMs), false)
  })
})
