import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { EXPORTS_FOLDER } from '../../cloud/server/export/export-files.ts'
import { openCloud, type TestCloud, until } from '../cloud/support/cloud.ts'
import { noise, pieces, sliceId, sliceStart, TestDevice } from '../cloud/support/device.ts'
import { makeSlices } from '../cloud/support/media.ts'
import { decodeComplaints, ffprobe } from '../support/ffmpeg.ts'
import { needTool } from '../support/tools.ts'

const T0 = Date.UTC(2026, 10, 24, 10)
const CHANNEL = '/devices/P1/cam1/channels/0'

type Export = {
  id: string
  state: string
  progress: number
  bytes: number
  durationMs: number
  reason: string
  url: string | null
  fileName: string
  expiresMs: number
}

describe('exports', { skip: needTool('ffmpeg') }, () => {
  const nowMs = T0 + 3_600_000
  let folder: string
  let cloud: TestCloud
  let device: TestDevice
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'skyrill-exports-'))
    cloud = await openCloud({}, { now: () => nowMs })
    device = await new TestDevice(cloud).register()
    await device.authorize()
    for (const { start, data, pieces: list } of makeSlices(folder, {
      count: 2,
      seconds: 3,
      startUtcMs: T0,
    }))
      await device.upload(start, data, list)
    await device.upload(
      sliceStart({ id: sliceId(9), startUtcMs: T0 + 60_000, width: 1920, height: 1080 }),
      noise(5000),
      pieces(5, { startMs: T0 + 60_000 }),
    )
  })
  after(async () => {
    await device.close()
    await cloud.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  const filesFolder = () => join(cloud.folder, 'objects', EXPORTS_FOLDER)
  const create = async (fromMs: number, toMs: number, status = 202) => {
    const answer = await cloud.api('POST', `${CHANNEL}/exports`, { fromMs, toMs })
    const text = await answer.text()
    assert.equal(answer.status, status, text)
    return JSON.parse(text) as Export & { error: { code: string; message: string } }
  }
  const over = (id: string) =>
    until(
      'the export',
      async () => {
        const answer = await cloud.api('GET', `/devices/P1/cam1/exports/${id}`)
        const job = (await answer.json()) as Export
        return job.state !== 'running' && job
      },
      60_000,
    )
  const viewer = { Authorization: '' }
  before(() => {
    viewer.Authorization = `Bearer ${cloud.viewerToken}`
  })

  test('a viewer has a range written and fetches it, whole and by parts', async () => {
    const asked = await fetch(`${cloud.httpUrl}/api${CHANNEL}/exports`, {
      method: 'POST',
      headers: { ...viewer, 'Content-Type': 'application/json' },
      body: JSON.stringify({ fromMs: T0, toMs: T0 + 6000 }),
    })
    assert.equal(asked.status, 202)
    const { id, fileName } = (await asked.json()) as Export
    assert.equal(fileName, 'cam1-0-2026-11-24T10-00-00Z.mp4')
    const job = await over(id)
    assert.deepEqual([job.state, job.progress, job.reason], ['done', 1, ''])
    assert.ok(Math.abs(job.durationMs - 6000) < 10)
    const file = await fetch(`${cloud.httpUrl}${job.url}`, { headers: viewer })
    assert.equal(file.headers.get('Content-Length'), String(job.bytes))
    assert.match(file.headers.get('Content-Disposition') ?? '', /attachment; filename="cam1-0-/)
    const bytes = Buffer.from(await file.arrayBuffer())
    assert.equal(bytes.length, job.bytes)
    const path = join(folder, fileName)
    writeFileSync(path, bytes)
    assert.equal(decodeComplaints(path), '')
    assert.equal(Math.round(Number(ffprobe(path).format.duration)), 6)
    const part = await fetch(`${cloud.httpUrl}${job.url}`, {
      headers: { ...viewer, Range: 'bytes=4-7' },
    })
    assert.deepEqual([part.status, await part.text()], [206, 'ftyp'])
    assert.equal((await fetch(`${cloud.httpUrl}${job.url}`)).status, 401)
  })

  test('what cannot be one file is refused with the reason', async () => {
    const mixed = await create(T0, T0 + 70_000, 409)
    assert.equal(mixed.error.code, 'mixed_formats')
    assert.match(mixed.error.message, /640x360 to 1920x1080 at 2026-11-24T10:01:00\.000Z/)
    await create(T0 + 30_000, T0 + 40_000, 404)
    await create(T0 + 5, T0 + 5, 400)
    await create(T0, T0 + 26 * 3_600_000, 400)
    const { id } = await create(T0 + 60_000, T0 + 70_000)
    const broken = await over(id)
    assert.equal(broken.state, 'failed', 'noise is no recording')
    assert.match(broken.reason, /picture|parameter sets|recorded/)
    assert.equal((await cloud.api('GET', `/devices/P1/cam1/exports/${id}/file`)).status, 409)
    assert.ok(!readdirSync(filesFolder()).some((name) => name.endsWith('~')), 'no draft stays')
  })

  test('deleted, expired, and there after a restart', async () => {
    const first = await create(T0, T0 + 2000)
    await over(first.id)
    const path = (id: string) => join(filesFolder(), `${id}.mp4`)
    assert.ok(existsSync(path(first.id)))
    assert.equal((await cloud.api('DELETE', `/devices/P1/cam1/exports/${first.id}`)).status, 204)
    assert.ok(!existsSync(path(first.id)))
    assert.equal((await cloud.api('GET', `/devices/P1/cam1/exports/${first.id}`)).status, 404)

    const second = await over((await create(T0, T0 + 2000)).id)
    assert.ok(second.expiresMs > nowMs)
    const foreign = await cloud.api('GET', `/devices/P1/nobody/exports/${second.id}`)
    assert.equal(foreign.status, 404)
    cloud = await cloud.restart()
    device.cloud = cloud
    assert.ok(existsSync(path(second.id)), 'files survive a restart')
  })

  test('destroyed with the recordings that they hold', async () => {
    await over((await create(T0, T0 + 2000)).id)
    assert.equal((await cloud.api('DELETE', '/devices/P1/cam1/recordings')).status, 204)
    const listed = await (await cloud.api('GET', '/devices/P1/cam1/exports')).json()
    assert.deepEqual(listed, { exports: [] })
    assert.deepEqual(readdirSync(filesFolder()), [])
    const { lines } = (await (await cloud.api('GET', '/audit?limit=1')).json()) as {
      lines: { action: string; device: string }[]
    }
    assert.deepEqual([lines[0]?.action, lines[0]?.device], ['destroy', 'P1/cam1'])
  })
})
