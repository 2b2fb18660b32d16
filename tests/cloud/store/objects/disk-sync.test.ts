import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { DiskSync } from '../../../../cloud/server/store/objects/disk-sync.ts'

const MANY = 40
const APART_MS = 30
/** One comes after the other for as long as a busy machine may take for a round. */
const COMING_MS = 60_000

/** A thousand cameras end a hundred slices a second: the round must not wait for the one who comes last. */
test('who comes later does not put off the round for those who wait', async () => {
  const disk = new DiskSync([tmpdir()], (error) => assert.fail(String(error)))
  const files = Array.from({ length: MANY }, () => ({ sync: async () => {} }))
  for (const file of files) disk.mark(file)
  let answered = 0
  const waiting: Promise<void>[] = []
  const startMs = performance.now()
  for (let at = 0; answered === 0 && performance.now() - startMs < COMING_MS; at++) {
    const file = files[at % MANY]!
    disk.mark(file)
    waiting.push(
      disk.synced(file).then(() => {
        answered++
      }),
    )
    await sleep(APART_MS)
  }
  assert.notEqual(answered, 0, 'the first are answered while others still come')
  await Promise.all(waiting)
  await disk.close()
})
