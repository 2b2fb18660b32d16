import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MESSAGE_MAX_BYTES, maySubscribe, publishFault } from '../../../cloud/server/broker/acl.ts'

const CLIENT = 'P1cam1'
const good = { topic: '$thing/up/event/P1/cam1', bytes: 100, qos: 1, retain: false }

const PUBLICATIONS: [string, Partial<typeof good>, RegExp | undefined][] = [
  ['its own event', {}, undefined],
  ['its own property', { topic: '$thing/up/property/P1/cam1' }, undefined],
  ['the largest message', { bytes: MESSAGE_MAX_BYTES }, undefined],
  ['one byte more', { bytes: MESSAGE_MAX_BYTES + 1 }, /2049 bytes, at most 2048/],
  ['another device', { topic: '$thing/up/event/P1/cam2' }, /another device/],
  ['another product', { topic: '$thing/up/event/P2/cam1' }, /another device/],
  ['as the cloud', { topic: '$thing/down/property/P1/cam1' }, /not allowed/],
  ['an unknown kind', { topic: '$thing/up/firmware/P1/cam1' }, /not allowed/],
  ['a longer topic', { topic: '$thing/up/event/P1/cam1/x' }, /not allowed/],
  ['a topic of the broker', { topic: '$SYS/broker' }, /not allowed/],
  ['a retained message', { retain: true }, /retained/],
  ['QoS 2', { qos: 2 }, /QoS 2/],
]

test('publications of a device', () => {
  for (const [what, change, fault] of PUBLICATIONS) {
    const got = publishFault(CLIENT, { ...good, ...change })
    if (fault) assert.match(got ?? '', fault, what)
    else assert.equal(got, undefined, what)
  }
})

const FILTERS: [string, boolean][] = [
  ['$thing/down/+/P1/cam1', true],
  ['$thing/down/property/P1/cam1', true],
  ['$thing/down/+/P1/cam2', false],
  ['$thing/down/+/P1/+', false],
  ['$thing/down/+/+/cam1', false],
  ['$thing/down/#', false],
  ['$thing/up/+/P1/cam1', false],
  ['$thing/+/+/P1/cam1', false],
  ['#', false],
  ['$SYS/#', false],
]

test('subscriptions of a device', () => {
  for (const [filter, allowed] of FILTERS)
    assert.equal(maySubscribe(CLIENT, filter), allowed, filter)
})
