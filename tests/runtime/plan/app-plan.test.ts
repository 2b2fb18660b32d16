import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CloudStorage,
  type iv_cs_balance_answer_s,
  iv_cs_type_e,
  System,
} from '../../../runtime/index.ts'
import { AppPlan } from '../../../runtime/plan/app-plan.ts'
import { NO_PLAN } from '../../../runtime/plan/rules.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { initParams, quiet } from '../../support/test-camera.ts'

const VALID = {
  cs_switch: 1,
  cs_days: 3,
  cs_type: iv_cs_type_e.CS_TYPE_FULL_TIME,
  free_trial_remaining_sec: 0,
}
const answering = (answer: iv_cs_balance_answer_s): void => {
  answer.is_vaild = 1
  answer.balance = { ...VALID }
}

test('what the app fills in is the plan; what it leaves is none', () => {
  assert.deepEqual(new AppPlan((_, answer) => answering(answer), quiet).ask(0, 0), VALID)
  assert.deepEqual(new AppPlan(() => {}, quiet).ask(0, 0), NO_PLAN)
  const broken = new AppPlan(() => {
    throw new Error('no answer')
  }, quiet)
  assert.equal(broken.ask(0, 0), undefined)
  assert.equal(broken.isAsking, false)
})

test('it is never asked from within its answer', () => {
  let depth = 0
  const plan: AppPlan = new AppPlan((_, answer) => {
    depth++
    assert.equal(plan.ask(0, 0), undefined)
    answering(answer)
  }, quiet)
  assert.deepEqual(plan.ask(0, 0), VALID)
  assert.equal(depth, 1)
})

test('onGetBalance starts and stops the recording, without a broker', async () => {
  const clock = new FakeClock()
  const system = new System({ clock })
  const identity = { productId: 'TEST', deviceName: 'camera', deviceSecret: 'secret' }
  assert.equal(await system.init({ ...identity, cloudUrl: 'mqtt://127.0.0.1:9', logger: quiet }), 0)
  const storage = new CloudStorage(system)
  const info = { ...NO_PLAN }
  const calls: string[] = []
  const inside: unknown[] = []
  let valid = false
  const parameters = initParams(
    {},
    {
      onStartPushStream: () => void calls.push('start'),
      onStopPushStream: () => void calls.push('stop'),
      onGetBalance: (_, answer, timeout_ms) => {
        calls.push(`ask ${timeout_ms}`)
        inside.push(storage.getCsBalanceInfo(0, { ...NO_PLAN }, 0))
        if (valid) answering(answer)
      },
    },
  )
  assert.equal(await storage.initCs(parameters), 0)
  await clock.advance(0)
  assert.deepEqual(calls, ['ask 0'])
  valid = true
  await clock.advance(1000)
  assert.deepEqual(calls.splice(0), ['ask 0', 'ask 0', 'start'])
  assert.equal(await storage.getCsBalanceInfo(0, info, 5), 0)
  assert.deepEqual(info, VALID)
  assert.deepEqual(calls.splice(0), ['ask 5000'])
  assert.equal(storage.getCsBalanceInfo(0, info, 0), 0, 'from the cache')
  assert.deepEqual(calls, [])
  valid = false
  await clock.advance(1000)
  assert.deepEqual(calls, ['ask 0', 'stop'])
  assert.ok(
    inside.every((code) => code === -605),
    'not from within the callback',
  )
  await storage.exitCs()
  await system.exit()
})

test('a plan that is asked for right after initCs is known to the recording too', async () => {
  const clock = new FakeClock()
  const system = new System({ clock })
  const identity = { productId: 'TEST', deviceName: 'camera', deviceSecret: 'secret' }
  assert.equal(await system.init({ ...identity, cloudUrl: 'mqtt://127.0.0.1:9', logger: quiet }), 0)
  const storage = new CloudStorage(system)
  let starts = 0
  const parameters = initParams(
    {},
    {
      onStartPushStream: () => void starts++,
      onGetBalance: (_, answer) => answering(answer),
    },
  )
  assert.equal(await storage.initCs(parameters), 0)
  assert.equal(await storage.getCsBalanceInfo(0, { ...NO_PLAN }, 1), 0)
  await clock.advance(0)
  assert.equal(starts, 1)
  await storage.exitCs()
  await system.exit()
})
