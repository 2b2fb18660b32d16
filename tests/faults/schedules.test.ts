/**
 * Random storms over simulated hours: the real runtime on a clock that is moved, with a ring, a spool and a ledger, before a cloud in memory that
 * checks indexes as the real one does. The line fails in all ways, the process is killed and started again, the clock is set, the plan ends and
 * comes back. Afterwards every picture that was pushed is at the cloud, once, or the ledger accounts for it.
 *
 * SKYRILL_SCHEDULES sets how many, SKYRILL_SEED the first seed: a failure is replayed by SKYRILL_SEED=n SKYRILL_SCHEDULES=1.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accountFor } from './support/accounting.ts'
import { scheduleOf, scheduleText } from './support/schedule.ts'
import { SimRun } from './support/sim-run.ts'

const SCHEDULES = Number(process.env.SKYRILL_SCHEDULES ?? 50)
const SEED = Number(process.env.SKYRILL_SEED ?? 1)
const HOURS = 2
const PROGRESS = 50

test(`${SCHEDULES} schedules of ${HOURS} simulated hours from seed ${SEED}: nothing is missing that the ledger does not tell of`, {
  timeout: 120_000 + SCHEDULES * 30_000,
}, async () => {
  const sum = { pushed: 0, arrived: 0, accounted: 0, boots: 0 }
  for (let seed = SEED; seed < SEED + SCHEDULES; seed++) {
    const schedule = scheduleOf(seed, HOURS)
    const result = await new SimRun(schedule).run()
    const { faults, ...account } = accountFor(result)
    const replay = `SKYRILL_SEED=${seed} SKYRILL_SCHEDULES=1`
    assert.deepEqual(faults, [], `${replay}\n${scheduleText(schedule)}`)
    for (const key of ['pushed', 'arrived', 'accounted'] as const) sum[key] += account[key]
    sum.boots += result.boots
    const done = seed - SEED + 1
    if (done % PROGRESS === 0 && done < SCHEDULES) console.log(`… ${done} of ${SCHEDULES}`)
  }
  console.log(
    `# ${SCHEDULES} schedules, ${SCHEDULES * HOURS} h: ${sum.pushed} pictures pushed, ${sum.arrived} arrived, ${sum.accounted} accounted for, ${sum.boots - SCHEDULES} kills`,
  )
  assert.ok(sum.arrived > sum.pushed / 2, 'a storm is not the end')
})
