import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Outage, STALE_MS } from '../../../runtime/upload/outage.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const setup = () => {
  const clock = new FakeClock()
  const told: string[] = []
  const say = (name: string) => (text: string) => void told.push(`${name}: ${text}`)
  const outage = new Outage({
    clock,
    log: { error: say('error'), warn: say('warn'), info() {}, debug() {} },
    onConnectFail: say('FAIL'),
    onConnectRecover: () => void told.push('RECOVER'),
    onServiceWrong: say('WRONG'),
  })
  return { clock, told, outage }
}

test('the line fails and recovers, each told of once', () => {
  const { outage, told } = setup()
  outage.answered()
  outage.unanswered('refused')
  outage.unanswered('refused')
  outage.answered()
  outage.answered()
  outage.unanswered('reset')
  assert.deepEqual(told, ['FAIL: refused', 'RECOVER', 'FAIL: reset'])
})

test('a store in trouble is told of once until bytes are acknowledged', () => {
  const { outage, told } = setup()
  outage.wrong('507')
  outage.answered()
  outage.wrong('503')
  outage.progress()
  outage.wrong('500')
  assert.deepEqual(
    told.filter((line) => line.startsWith('WRONG')),
    ['WRONG: 507', 'WRONG: 500'],
  )
})

test('a misconfiguration is told of once, another one again', () => {
  const { outage, told } = setup()
  for (const reason of ['415', '415', 'certificate', 'certificate']) outage.misconfigured(reason)
  assert.equal(told.filter((line) => line.startsWith('error')).length, 2)
})

const STALE_CASES: {
  name: string
  before(outage: Outage): void
  answers: boolean
  told: string
}[] = [
  { name: 'no answers', before() {}, answers: false, told: 'FAIL' },
  { name: 'answers that refuse (429, 409)', before() {}, answers: true, told: 'WRONG' },
  {
    name: 'the line was told of',
    before: (outage) => outage.unanswered('reset'),
    answers: false,
    told: '',
  },
  {
    name: 'the service was told of',
    before: (outage) => outage.wrong('503'),
    answers: true,
    told: '',
  },
]
for (const { name, before, answers, told: notice } of STALE_CASES)
  test(`no acknowledgement for ${STALE_MS / 1000} s, ${name}: ${notice || 'a log line alone'}`, async () => {
    const { clock, outage, told } = setup()
    before(outage)
    told.length = 0
    await clock.advance(STALE_MS - 1)
    outage.look(answers, 'why')
    assert.equal(told.length, 0)
    await clock.advance(1)
    outage.look(answers, 'why')
    outage.look(answers, 'why')
    const text = `no acknowledgement for ${STALE_MS / 1000} s: why`
    assert.ok(told.includes(`warn: ${text}`))
    assert.deepEqual(
      told.filter((line) => !line.startsWith('warn')),
      notice ? [`${notice}: ${text}`] : [],
    )
    assert.equal(outage.waitingMs, STALE_MS)
    outage.progress()
    assert.equal(outage.waitingMs, 0)
  })

test('bytes that are acknowledged, or none that wait, begin the time anew', async () => {
  const { clock, outage, told } = setup()
  for (let round = 0; round < 4; round++) {
    await clock.advance(STALE_MS - 1)
    outage.look(false, '')
    if (round % 2 === 0) outage.progress()
    else outage.rest()
  }
  assert.deepEqual(told, [])
})
