/**
 * A camera on lines that are bad for long: 1 KB/s, none at all, 5 % loss. Simulated hours in a process of its own, which ends by itself when nothing is left
 * behind. SKYRILL_SOAK_HOURS sets how many (`npm run soak`: 24).
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { ROOT } from '../support/paths.ts'
import { DAYS, type DayReport } from './support/day.ts'

const HOURS = Number(process.env.SKYRILL_SOAK_HOURS ?? 3)
/** What is alive may differ by this much from hour to hour; resident memory goes up and down by more, as the engine's allocator likes. */
const HEAP_FLAT_MIB = 8
const RSS_FLAT_MIB = 64

describe(`${HOURS} simulated hours`, { timeout: 300_000 + HOURS * 60_000 }, () => {
  for (const name of Object.keys(DAYS))
    test(name, async () => {
      const bun = join(ROOT, 'node_modules', '.bin', 'bun')
      const program = join(ROOT, 'tests', 'faults', 'soak.ts')
      const child = spawn(bun, [program, String(HOURS), name], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let output = ''
      child.stdout.on('data', (chunk) => {
        output += chunk
      })
      const [exit] = await once(child, 'close')
      assert.equal(exit, 0)
      const report = JSON.parse(output) as DayReport
      const { rssMib: rss, heapMib: heap } = report
      console.log(
        `# ${HOURS} h, ${name}: ${report.pushed} pictures, ${report.arrived} arrived, ${report.accounted} in the ledger; RSS ${rss.first} MiB after 1 h, ${rss.most} at most, ${rss.last} at the end; heap ${heap.first}, ${heap.most}, ${heap.last} MiB; ${report.timersLeft} timers left`,
      )
      assert.deepEqual(report.faults, [])
      assert.equal(report.timersLeft, 0, 'no timer is left')
      assert.ok(heap.last - heap.first < HEAP_FLAT_MIB, `heap: ${JSON.stringify(heap)}`)
      assert.ok(rss.last - rss.first < RSS_FLAT_MIB, `RSS: ${JSON.stringify(rss)}`)
    })
})
