import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPublicAddress } from '../../../cloud/server/notify/guarded-request.ts'
import { isWanted, type News, type Rule } from '../../../cloud/server/notify/rule.ts'
import { checkSignature, signBody } from '../../../cloud/server/notify/signature.ts'

const NEWS: News = { topic: 'event', device: 'P1/cam1', eventId: 3 }
const at = (clock: string) => Date.parse(`2026-11-24T${clock}:00Z`)

test('what a rule lets through', () => {
  const cases: [string, Rule, News, string, boolean][] = [
    ['a topic', { topics: ['event'] }, NEWS, '12:00', true],
    ['another topic', { topics: ['offline'] }, NEWS, '12:00', false],
    ['a device', { topics: ['event'], devices: ['P1/cam1'] }, NEWS, '12:00', true],
    ['another device', { topics: ['event'], devices: ['P1/cam2'] }, NEWS, '12:00', false],
    [
      'news of no device',
      { topics: ['storage'], devices: ['P1/cam1'] },
      { topic: 'storage' },
      '12:00',
      false,
    ],
    ['an event', { topics: ['event'], eventIds: [3, 4] }, NEWS, '12:00', true],
    ['another event', { topics: ['event'], eventIds: [4] }, NEWS, '12:00', false],
    [
      'no event, so no id',
      { topics: ['offline'], eventIds: [4] },
      { topic: 'offline', device: 'P1/cam1' },
      '12:00',
      true,
    ],
    [
      'before the quiet time',
      { topics: ['event'], quiet: { from: '12:00', to: '13:00', tz: 'UTC' } },
      NEWS,
      '11:59',
      true,
    ],
    [
      'in the quiet time',
      { topics: ['event'], quiet: { from: '12:00', to: '13:00', tz: 'UTC' } },
      NEWS,
      '12:00',
      false,
    ],
    [
      'after it',
      { topics: ['event'], quiet: { from: '12:00', to: '13:00', tz: 'UTC' } },
      NEWS,
      '13:00',
      true,
    ],
    [
      'over midnight, late',
      { topics: ['event'], quiet: { from: '22:00', to: '07:00', tz: 'UTC' } },
      NEWS,
      '23:00',
      false,
    ],
    [
      'over midnight, early',
      { topics: ['event'], quiet: { from: '22:00', to: '07:00', tz: 'UTC' } },
      NEWS,
      '06:59',
      false,
    ],
    [
      'over midnight, at day',
      { topics: ['event'], quiet: { from: '22:00', to: '07:00', tz: 'UTC' } },
      NEWS,
      '07:00',
      true,
    ],
    [
      'where people live',
      { topics: ['event'], quiet: { from: '22:00', to: '07:00', tz: 'Asia/Tokyo' } },
      NEWS,
      '13:30',
      false,
    ],
    [
      'analysis that is wanted',
      { topics: ['analysis'], ai: 1 },
      { ...NEWS, topic: 'analysis', ai: 3 },
      '12:00',
      true,
    ],
    [
      'analysis of another type',
      { topics: ['analysis'], ai: 4 },
      { ...NEWS, topic: 'analysis', ai: 3 },
      '12:00',
      false,
    ],
    [
      'analysis knows no quiet time',
      { topics: ['analysis'], quiet: { from: '12:00', to: '13:00', tz: 'UTC' } },
      { ...NEWS, topic: 'analysis', ai: 1 },
      '12:30',
      true,
    ],
  ]
  for (const [what, rule, news, clock, wanted] of cases)
    assert.equal(isWanted(rule, news, at(clock)), wanted, what)
})

test('a signature holds for its body, its secret and five minutes', () => {
  const nowMs = at('12:00')
  const header = signBody('secret', '{"a":1}', nowMs)
  assert.match(header, /^t=\d+,v1=[0-9a-f]{64}$/)
  assert.ok(checkSignature('secret', '{"a":1}', header, nowMs))
  assert.ok(checkSignature('secret', '{"a":1}', header, nowMs + 299_000))
  assert.ok(!checkSignature('secret', '{"a":1}', header, nowMs + 302_000), 'too old')
  assert.ok(!checkSignature('secret', '{"a":1}', header, nowMs - 302_000), 'of the future')
  assert.ok(!checkSignature('secret', '{"a":2}', header, nowMs))
  assert.ok(!checkSignature('Secret', '{"a":1}', header, nowMs))
  const later = header.replace(/t=\d+/, `t=${Math.floor(nowMs / 1000) + 100}`)
  assert.ok(!checkSignature('secret', '{"a":1}', later, nowMs), 'the time is signed')
  for (const bad of [undefined, '', 't=1,v1=', header.toUpperCase()])
    assert.ok(!checkSignature('secret', '{"a":1}', bad, nowMs))
})

test('addresses that hooks may reach', () => {
  for (const inside of [
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fd00::1',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '64:ff9b::a00:1',
    '2001:db8::1',
    '2002:7f00:1::',
    'no address',
  ])
    assert.ok(!isPublicAddress(inside), inside)
  for (const outside of [
    '1.1.1.1',
    '172.32.0.1',
    '192.169.0.1',
    '100.128.0.1',
    '2606:4700::1111',
    '::ffff:1.1.1.1',
  ])
    assert.ok(isPublicAddress(outside), outside)
})
