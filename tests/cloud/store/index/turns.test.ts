import assert from 'node:assert/strict'
import { test } from 'node:test'
import { takeTurns } from '../../../../cloud/server/store/index/turns.ts'

/** Work as an engine in this thread does it: the loop stands still. */
const busy = (ms: number): Promise<number> => {
  const until = performance.now() + ms
  while (performance.now() < until);
  return Promise.resolve(until)
}

test('what waits in the loop has its turn between many queries, which stay in order', async () => {
  const inTurn = takeTurns()
  const order: number[] = []
  let ticks = 0
  const timer = setInterval(() => ticks++, 1)
  await Promise.all(
    Array.from({ length: 60 }, (_, at) =>
      inTurn(async () => {
        await busy(5)
        order.push(at)
      }),
    ),
  )
  clearInterval(timer)
  // 300 ms of work
  assert.ok(ticks >= 5, `${ticks} turns`)
  assert.deepEqual(
    order,
    Array.from({ length: 60 }, (_, at) => at),
  )
})

test('one that fails fails alone', async () => {
  const inTurn = takeTurns()
  const failed = inTurn(() => Promise.reject(new Error('no')))
  const other = inTurn(async () => 7)
  await assert.rejects(failed, /no/)
  assert.equal(await other, 7)
})
