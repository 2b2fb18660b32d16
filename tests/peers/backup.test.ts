/** A backup, taken while the cloud runs and while it does not, restored into empty stores; what is restored plays. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { makeFolder, openCloud, type TestCloud } from '../cloud/support/cloud.ts'
import { TestDevice } from '../cloud/support/device.ts'
import { type MadeSlice, makeSlices } from '../cloud/support/media.ts'
import { needPostgres, startPostgres } from '../cloud/support/postgres.ts'
import { run } from '../support/ffmpeg.ts'
import { ROOT } from '../support/paths.ts'
import { ceph, versitygw } from '../support/s3-servers.ts'
import { needTool, toolPath } from '../support/tools.ts'

const PROGRAM = join(ROOT, 'cloud/server/main.ts')
const T0 = Date.UTC(2026, 10, 20, 10)
const PASSWORD = 'a long enough pass phrase'
const KEY = '00112233445566aa-00000001'
/** The one that is there sooner. */
const S3 = [versitygw, ceph].find(({ skip }) => !skip)

/** `skyrill cloud ARGS`, as a person calls it. */
const command = async (args: string[], env: Record<string, string>) => {
  const program = 'Bun' in globalThis ? [PROGRAM] : ['--import', 'tsx', PROGRAM]
  const child = spawn(process.execPath, [...program, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output += chunk
    })
  const [code] = await once(child, 'close')
  return { code: code as number, output }
}

describe('backup and restore', { skip: needTool('ffmpeg') }, () => {
  let work: string
  let cloud: TestCloud
  let slices: MadeSlice[]
  let isClosed = false
  const portOf = (url: string) => new URL(url).port

  before(async () => {
    work = mkdtempSync(join(tmpdir(), 'skyrill-backup-'))
    slices = [
      ...makeSlices(work, { count: 2, seconds: 4, startUtcMs: T0 }),
      ...makeSlices(work, { seconds: 4, startUtcMs: T0 + 8000, format: 'fmp4', boot: 'f' }),
    ]
    cloud = await openCloud()
    const device = await new TestDevice(cloud).register()
    await device.authorize()
    for (const { start, data, pieces } of slices) await device.upload(start, data, pieces)
    const event = {
      channel: 0,
      key: KEY,
      eventId: 3,
      info: 'door',
      startMs: T0,
      videoStartMs: T0,
      ai: 0,
    }
    const answer = await device.ask('event', 'event_start', event)
    assert.ok(answer.method === 'event_start_reply' && answer.data)
    const { createHash } = await import('node:crypto')
    const picture = Buffer.from('a picture')
    const put = await fetch(answer.data.picture.url, {
      method: 'PUT',
      headers: {
        Authorization: `Bearer ${answer.data.picture.token}`,
        'Content-Type': 'image/jpeg',
        'Upload-Checksum': `sha256 ${createHash('sha256').update(picture).digest('base64')}`,
      },
      body: picture,
    })
    assert.equal(put.status, 204)
    await device.close()
    await cloud.api('POST', '/accounts', { name: 'anna', role: 'admin', password: PASSWORD })
  })
  after(async () => {
    if (!isClosed) await cloud.close()
    rmSync(cloud.folder, { recursive: true, force: true })
    rmSync(work, { recursive: true, force: true })
  })

  /** Everything that was there is there, and plays. */
  const checkRestored = async (restored: TestCloud) => {
    assert.equal(restored.adminToken, cloud.adminToken, 'tokens and keys come along')
    for (const { start, data } of slices) {
      const extension = start.format === 'ts' ? 'ts' : 'mp4'
      const media = await fetch(
        `${restored.httpUrl}/media/P1/cam1/0/${start.id}.${extension}?token=${restored.viewerToken}`,
      )
      assert.equal(media.status, 200)
      assert.ok(data.equals(Buffer.from(await media.arrayBuffer())), start.id)
    }
    // the TS part, from the playlist that players use; what follows is another container and another playlist
    const url = `${restored.httpUrl}/api/devices/P1/cam1/channels/0/playlist.m3u8?from=${T0}&to=${T0 + 8000}&token=${restored.viewerToken}`
    const child = spawn(
      toolPath('ffmpeg'),
      ['-hide_banner', '-nostdin', '-v', 'error', '-i', url, '-map', '0:v', '-f', 'framecrc', '-'],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    let frames = ''
    let said = ''
    child.stdout.on('data', (chunk) => {
      frames += chunk
    })
    child.stderr.on('data', (chunk) => {
      said += chunk
    })
    const [code] = await once(child, 'close')
    assert.equal(code, 0, said)
    assert.equal(frames.split('\n').filter((line) => /^0,/.test(line)).length, 200, 'every picture')
    const picture = await restored.api('GET', `/devices/P1/cam1/channels/0/events/${KEY}/picture`)
    assert.equal(await picture.text(), 'a picture')
    const login = await fetch(`${restored.httpUrl}/api/session`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: 'anna', password: PASSWORD }),
    })
    assert.equal(login.status, 200, 'accounts log in with their passwords')
    // the device goes on with its secret, and what is made anew does not collide
    const device = new TestDevice(restored)
    await device.authorize()
    await device.close()
    const made = await restored.api('POST', '/devices', { productId: 'P1', deviceName: 'new' })
    assert.equal(made.status, 201)
  }
  const restore = (file: string, folder: string, env = {}) =>
    command(['restore', file], { SKYRILL_DATA: folder, ...env })

  test('of a running cloud, restored into an empty folder', async () => {
    const file = join(work, 'running.tar')
    const env = { SKYRILL_DATA: cloud.folder, SKYRILL_HTTP_PORT: portOf(cloud.httpUrl) }
    const made = await command(['backup', file], env)
    assert.equal(made.code, 0, made.output)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.ok(!existsSync(`${file}.partial`))
    // anybody can look into it with what every system has
    const unpacked = mkdtempSync(join(work, 'unpacked-'))
    assert.equal(run('tar', ['-xf', file, '-C', unpacked]).status, 0)
    const sums = run('sha256sum', ['--check', '--quiet', 'SHA256SUMS'], { cwd: unpacked })
    assert.equal(sums.status, 0, sums.stderr)

    const again = await command(['backup', file], env)
    assert.equal(again.code, 1, 'a backup is not overwritten')
    const folder = join(work, 'from-running')
    const done = await restore(file, folder)
    assert.equal(done.code, 0, done.output)
    const second = await restore(file, folder)
    assert.equal(second.code, 1)
    assert.match(second.output, /empty/)
    const restored = await openCloud({}, {}, folder)
    try {
      await checkRestored(restored)
    } finally {
      await restored.remove()
    }
  })

  test('doctor: all is well, whether it runs or not; and what is lost is named', async () => {
    const env = {
      SKYRILL_DATA: cloud.folder,
      SKYRILL_HTTP_PORT: portOf(cloud.httpUrl),
      SKYRILL_MIN_FREE_MIB: '0',
    }
    const running = await command(['doctor'], env)
    assert.equal(running.code, 0, running.output)
    assert.match(running.output, /^ok +recordings +4 objects/m)
    await cloud.close()
    isClosed = true
    const stopped = await command(['doctor'], env)
    assert.equal(stopped.code, 0, stopped.output)
    const { start } = slices[0]!
    const path = join(cloud.folder, `objects/P1/cam1/0/${start.id.split('-')[0]}/0/${start.id}.ts`)
    const whole = readFileSync(path)
    truncateSync(path, 100)
    const short = await command(['doctor'], env)
    assert.equal(short.code, 1)
    assert.match(
      short.output,
      new RegExp(`^FAIL +recordings.*1 objects are too short: .*${start.id}`, 'm'),
    )
    writeFileSync(path, whole)
  })

  test('doctor: a store or a broker that is not there is named, without its password', async () => {
    const s3 = { SKYRILL_S3_ENDPOINT: 'http://127.0.0.1:1', SKYRILL_S3_BUCKET: 'recordings' }
    const keys = { SKYRILL_S3_ACCESS_KEY: 'hunter-key', SKYRILL_S3_SECRET_KEY: 'hunter-two' }
    const faults: [string, Record<string, string>][] = [
      ['index', { SKYRILL_DATABASE_URL: 'postgres://me:hunter-two@127.0.0.1:1/x' }],
      ['objects', { ...s3, ...keys }],
      ['broker', { SKYRILL_MQTT_BROKER_URL: 'mqtt://me:hunter-two@127.0.0.1:1' }],
    ]
    for (const [part, env] of faults) {
      const folder = await makeFolder()
      const done = await command(['doctor'], { SKYRILL_DATA: folder, ...env })
      rmSync(folder, { recursive: true })
      assert.equal(done.code, 1, done.output)
      assert.match(done.output, new RegExp(`^FAIL +${part} .*ECONNREFUSED`, 'm'))
      assert.doesNotMatch(done.output, /hunter/)
    }
  })

  test('what is damaged or cut off is refused, and nothing is touched', async () => {
    const good = join(work, 'running.tar')
    const bad = join(work, 'bad.tar')
    const size = statSync(good).size
    const damages: [string, () => void][] = [
      [
        'a bit',
        () => {
          const data = readFileSync(good)
          data[Math.floor(size / 2)]! ^= 1
          writeFileSync(bad, data)
        },
      ],
      ['half of it', () => truncateSync(bad, Math.floor(size / 2))],
      ['no checksums', () => truncateSync(bad, size - 4096)],
      ['no backup', () => writeFileSync(bad, 'this is no tar at all'.repeat(100))],
      ['empty', () => writeFileSync(bad, '')],
    ]
    for (const [what, damage] of damages) {
      copyFileSync(good, bad)
      damage()
      const folder = join(work, 'never')
      const done = await restore(bad, folder)
      assert.equal(done.code, 1, what)
      assert.match(done.output, /bad\.tar: /, what)
      assert.ok(!existsSync(join(folder, 'signing-key')), what)
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test('from the embedded index to a PostgreSQL server, and back', {
    skip: needPostgres(),
  }, async () => {
    const file = join(work, 'stopped.tar')
    const made = await command(['backup', file], { SKYRILL_DATA: cloud.folder })
    assert.equal(made.code, 0, made.output)
    assert.match(made.output, /4 objects/)
    const postgres = await startPostgres()
    try {
      const folder = join(work, 'with-postgres')
      const env = { SKYRILL_DATABASE_URL: postgres.url }
      const done = await restore(file, folder, env)
      assert.equal(done.code, 0, done.output)
      const restored = await openCloud({ databaseUrl: postgres.url }, {}, folder)
      await checkRestored(restored)
      await restored.close()
      const back = join(work, 'back.tar')
      const saved = await command(['backup', back], { SKYRILL_DATA: folder, ...env })
      assert.equal(saved.code, 0, saved.output)
      // with an empty index in it: making one takes a while
      const embedded = await makeFolder()
      assert.equal((await restore(back, embedded)).code, 0)
      const again = await openCloud({}, {}, embedded)
      try {
        assert.equal((await again.api('GET', '/devices/P1/new')).status, 200)
      } finally {
        await again.remove()
      }
    } finally {
      await postgres.stop()
    }
  })

  test('from a disk into an S3 store, and out of it again', {
    skip: S3 ? false : versitygw.skip,
  }, async () => {
    const server = await S3!.open()
    try {
      const file = join(work, 'for-s3.tar')
      assert.equal((await command(['backup', file], { SKYRILL_DATA: cloud.folder })).code, 0)
      const folder = await makeFolder()
      const env = {
        SKYRILL_S3_ENDPOINT: server.endpoint,
        SKYRILL_S3_BUCKET: server.bucket,
        SKYRILL_S3_REGION: server.region,
        SKYRILL_S3_ACCESS_KEY: server.accessKey,
        SKYRILL_S3_SECRET_KEY: server.secretKey,
      }
      const done = await restore(file, folder, env)
      assert.equal(done.code, 0, done.output)
      assert.ok(!existsSync(join(folder, 'objects', 'P1')), 'nothing on the disk')
      const restored = await openCloud({ s3: { ...server, pathStyle: true } }, {}, folder)
      await checkRestored(restored)
      await restored.close()
      const examined = await command(['doctor'], { SKYRILL_DATA: folder, ...env })
      assert.equal(examined.code, 0, examined.output)
      const back = join(work, 'from-s3.tar')
      const saved = await command(['backup', back], { SKYRILL_DATA: folder, ...env })
      assert.equal(saved.code, 0, saved.output)
      assert.match(saved.output, /4 objects/)
      rmSync(folder, { recursive: true, force: true })
    } finally {
      await server.close()
    }
  })
})
