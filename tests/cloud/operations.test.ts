import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createLogger } from '../../cloud/server/log.ts'
import { openCloud, type TestCloud } from './support/cloud.ts'
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
