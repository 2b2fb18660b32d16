import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openCloud, type TestCloud } from '../cloud/support/cloud.ts'
import { TestDevice } from '../cloud/support/device.ts'
import { makeSlices } from '../cloud/support/media.ts'
import { decodeComplaints, ffprobe } from '../support/ffmpeg.ts'
import { generateClient, needPythonClient, python } from '../support/python-client.ts'
import { needTool } from '../support/tools.ts'

const T0 = Date.UTC(2026, 10, 24, 10)
const skip = needTool('ffmpeg') || needPythonClient()

describe('a client that a generator made of the OpenAPI document', { skip }, () => {
  let folder: string
  let cloud: TestCloud
  let device: TestDevice
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'skyrill-client-'))
    cloud = await openCloud({}, { now: () => T0 + 600_000 })
    device = await new TestDevice(cloud).register()
    await device.authorize()
    for (const { start, data, pieces } of makeSlices(folder, { seconds: 4, startUtcMs: T0 }))
      await device.upload(start, data, pieces)
  })
  after(async () => {
    await device.close()
    await cloud.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  test('lists devices, reads a time line, has a range exported and fetches it', async () => {
    const answer = await fetch(`${cloud.httpUrl}/api/openapi.json`, {
      headers: { Authorization: `Bearer ${cloud.viewerToken}` },
    })
    const document = join(folder, 'openapi.json')
    writeFileSync(document, await answer.text())
    generateClient(document, join(folder, 'skyrill_client'))
    const script = fileURLToPath(new URL('./openapi-client.py', import.meta.url))
    const file = join(folder, 'export.mp4')
    const range = [String(T0), String(T0 + 4000)]
    // it asks this process, so it must not block it
    const args = [script, folder, `${cloud.httpUrl}/api`, cloud.viewerToken, ...range, file]
    const child = spawn(python(), args)
    let said = ''
    let wrong = ''
    child.stdout.on('data', (text) => {
      said += text
    })
    child.stderr.on('data', (text) => {
      wrong += text
    })
    const status = await new Promise((resolve) => child.on('close', resolve))
    assert.equal(status, 0, wrong)
    const seen = JSON.parse(said)
    assert.deepEqual(seen.device, ['P1', 'cam1'])
    assert.equal(seen.timeZone, 'UTC')
    assert.deepEqual(seen.recordings, [[T0, T0 + 4000]])
    assert.deepEqual([seen.events, seen.recordedDays], [[], [true]])
    assert.deepEqual([seen.state, seen.status], ['done', 200])
    assert.equal(seen.bytes, readFileSync(file).length)
    assert.deepEqual(seen.error, ['bad_request', '"to" must be after "from"'])
    assert.equal(decodeComplaints(file), '')
    assert.equal(Math.round(Number(ffprobe(file).format.duration)), 4)
  })
})
