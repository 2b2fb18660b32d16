import assert from 'node:assert/strict'
import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openDataFolder } from '../../cloud/server/data-folder.ts'
import type { Finding } from '../../cloud/server/doctor/doctor.ts'
import { createLogger } from '../../cloud/server/log.ts'
import { openIndex, openObjects } from '../../cloud/server/store/open.ts'
import { makeFolder, openCloud, type TestCloud, until } from './support/cloud.ts'
import { noise, pieces, sliceStart, TestDevice } from './support/device.ts'

describe('operations', () => {
  let cloud: TestCloud
  let device: TestDevice
  before(async () => {
    cloud = await openCloud()
    device = await new TestDevice(cloud).register()
    await device.authorize()
  })
  after(async () => {
    await device.close()
    await cloud.remove()
  })

  test('it lives and is ready: index, objects and broker answer', async () => {
    assert.equal((await fetch(`${cloud.httpUrl}/healthz`)).status, 200)
    const ready = await fetch(`${cloud.httpUrl}/readyz`)
    assert.equal(ready.status, 200)
    assert.deepEqual(await ready.json(), {
      ready: true,
      closing: false,
      index: 'ok',
      objects: 'ok',
      broker: 'ok',
    })
  })

  test('metrics: OpenMetrics that counts what was done', async () => {
    const url = `${cloud.httpUrl}/metrics`
    assert.equal((await fetch(url)).status, 401)
    await device.upload(sliceStart(), noise(5000), pieces(5))
    const answer = await fetch(url, { headers: { Authorization: `Bearer ${cloud.viewerToken}` } })
    assert.match(
      answer.headers.get('Content-Type') ?? '',
      /^application\/openmetrics-text; version=1\.0\.0/,
    )
    const text = await answer.text()
    assert.ok(text.endsWith('# EOF\n'))
    const value = (name: string) => {
      const line = text.split('\n').find((line) => line.startsWith(`${name} `))
      assert.ok(line, name)
      return Number(line.split(' ')[1])
    }
    assert.equal(value('skyrill_ingest_bytes_total'), 5000)
    assert.equal(value('skyrill_ingest_appends_total'), 1)
    assert.equal(value('skyrill_devices'), 1)
    assert.equal(value('skyrill_devices_online'), 1)
    assert.ok(value('skyrill_open_slices') <= 1)
    assert.ok(value('skyrill_disk_free_bytes') > 0)
    assert.ok(value('skyrill_mqtt_messages_total') >= 1)
    assert.ok(value('process_resident_memory_bytes') > 1e6)
    assert.match(
      text,
      /^skyrill_http_request_seconds_bucket\{le="0\.05",kind="upload",status="2xx"\} \d/m,
    )
    // every series has a type, and none stands twice
    const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    const names = series.map((line) => line.slice(0, line.lastIndexOf(' ')))
    assert.equal(new Set(names).size, names.length)
  })

  test('the log has a line for each change, with the ids of request and device', async () => {
    const answer = await cloud.api('PUT', '/devices/P1/cam1/channels/0/plan', { type: 'full' })
    const requestId = answer.headers.get('X-Request-Id')
    const line = cloud.log
      .map((text) => JSON.parse(text) as Record<string, unknown>)
      .find((fields) => fields.requestId === requestId)
    assert.ok(line)
    assert.deepEqual(
      [line.level, line.method, line.status, line.device],
      ['info', 'PUT', 200, 'P1/cam1'],
    )
  })

  test('a log for people has one line each, whatever is in it', () => {
    const lines: string[] = []
    const log = createLogger('info', (line) => lines.push(line), 'text')
    log.info('request', { path: '/a', reason: 'two\nlines "x"', none: undefined })
    log.debug('not shown')
    assert.equal(lines.length, 1)
    assert.match(lines[0]!, /^\S+Z info {2}request path=\/a reason="two\\nlines \\"x\\""$/)
  })
})

describe('what is wrong is told', () => {
  /** A cloud on stores that the test can break. */
  const openBreakable = async (options = {}, now: () => number = Date.now) => {
    const folder = await makeFolder()
    const log = createLogger('silent')
    const data = openDataFolder(folder)
    const index = await openIndex({}, data, log)
    const objects = await openObjects({ minFreeBytes: 0 }, data, index, log)
    data.release()
    const cloud = await openCloud(options, { stores: { index, objects }, now }, folder)
    return { cloud, index, objects }
  }
  const findings = async (cloud: TestCloud): Promise<Record<string, Finding>> => {
    const answer = (await (await cloud.api('GET', '/doctor')).json()) as { findings: Finding[] }
    return Object.fromEntries(answer.findings.map((finding) => [finding.check, finding]))
  }
  const failed = (found: Record<string, Finding>) =>
    Object.values(found)
      .filter(({ ok }) => !ok)
      .map(({ check }) => check)

  test('a store that is down: not ready, and the doctor names it', async () => {
    const { cloud, index, objects } = await openBreakable()
    try {
      assert.deepEqual(failed(await findings(cloud)), [])
      const down = () => Promise.reject(new Error('connect ECONNREFUSED 192.0.2.7:9000'))
      Object.assign(objects, { size: down, put: down, list: undefined })
      const ready = await fetch(`${cloud.httpUrl}/readyz`)
      assert.equal(ready.status, 503)
      const state = await ready.text()
      assert.deepEqual(JSON.parse(state), {
        ready: false,
        closing: false,
        index: 'ok',
        objects: 'failed',
        broker: 'ok',
      })
      assert.ok(!state.includes('192.0.2.7'), 'strangers do not learn where it runs')
      assert.equal((await fetch(`${cloud.httpUrl}/healthz`)).status, 200, 'it lives')
      const { objects: finding } = await findings(cloud)
      assert.match(finding!.detail, /ECONNREFUSED/)
      const execute = index.db.execute
      Object.assign(index.db, { execute: down })
      const both = await fetch(`${cloud.httpUrl}/readyz`)
      Object.assign(index.db, { execute })
      assert.equal(both.status, 503)
      assert.equal(((await both.json()) as { index: string }).index, 'failed')
    } finally {
      await cloud.remove()
    }
  })

  test('doctor: disk low, clock off, rows without objects, objects without rows', async () => {
    const lateMs = 60_000
    const options = { minFreeBytes: Number.MAX_SAFE_INTEGER }
    const { cloud, objects } = await openBreakable(options, () => Date.now() + lateMs)
    const device = await new TestDevice(cloud).register()
    try {
      await device.authorize()
      const start = sliceStart()
      await device.upload(start, noise(5000), pieces(5))
      const key = `P1/cam1/0/${start.id.split('-')[0]}/0/${start.id}.ts`
      await until('the row', async () => (await objects.size(key)) === 5000)
      await until('the index', async () =>
        /^1 object/.test((await findings(cloud)).recordings!.detail),
      )
      const stray = join(cloud.folder, 'objects', key.replace(/\d{8}\.ts$/, '00000099.ts'))
      mkdirSync(dirname(stray), { recursive: true })
      writeFileSync(stray, 'nobody knows this')
      utimesSync(stray, 1, 1)
      rmSync(join(cloud.folder, 'objects', key))
      const found = await findings(cloud)
      assert.deepEqual(failed(found).toSorted(), ['clock', 'disk', 'orphans', 'recordings'])
      assert.match(found.disk!.detail, /uploads are refused below/)
      assert.match(found.clock!.detail, /^(59|60)\d{3} ms from the clock of the index/)
      assert.match(found.recordings!.detail, /^1 objects are missing: P1\/cam1/)
      assert.match(found.orphans!.detail, /^1 objects .* are in no row/)
    } finally {
      await device.close()
      await cloud.remove()
    }
  })
})
