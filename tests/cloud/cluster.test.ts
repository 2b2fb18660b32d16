import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cluster, ownerOf } from '../../cloud/server/cluster.ts'
import { createLogger } from '../../cloud/server/log.ts'

const devices = Array.from({ length: 300 }, (_, at) => `P1/cam${at}`)

test('devices are spread; one that leaves gives up its own only', () => {
  const before = devices.map((device) => ownerOf(device, ['a', 'b', 'c']))
  for (const instance of ['a', 'b', 'c'])
    assert.ok(before.filter((owner) => owner === instance).length > 60, `${instance} has some`)
  const after = devices.map((device) => ownerOf(device, ['a', 'c']))
  for (const [at, owner] of before.entries())
    if (owner !== 'b') assert.equal(after[at], owner)
    else assert.notEqual(after[at], 'b')
  assert.equal(ownerOf('P1/cam1', []), undefined)
})

const clusterOf = async (instance: string | undefined, instances: string[]) => {
  const uploads = {
    instances: async () => instances,
    holdJob: async (_: string, who: string) => who === 'a',
  }
  const cluster = new Cluster({ uploads, instance, log: createLogger('silent') })
  await cluster.start()
  return cluster
}

test('one instance answers; the other one when it is asked again', async () => {
  const [a, b] = [await clusterOf('a', ['a', 'b']), await clusterOf('b', ['a', 'b'])]
  for (const device of devices.slice(0, 20)) {
    const first = [a.answers(device, 'token'), b.answers(device, 'token')]
    assert.deepEqual(first.toSorted(), [false, true], device)
    assert.deepEqual([a.answers(device, 'token'), b.answers(device, 'token')], [true, true])
  }
  assert.deepEqual([await a.holdsJob('sweep'), await b.holdsJob('sweep')], [true, false])
  a.stop()
  b.stop()
})

test('alone it answers everything', async () => {
  for (const cluster of [await clusterOf(undefined, []), await clusterOf('a', ['a'])]) {
    assert.equal(cluster.answers('P1/cam1', 't'), true)
    cluster.stop()
  }
  assert.equal(await (await clusterOf(undefined, [])).holdsJob('sweep'), true)
})
