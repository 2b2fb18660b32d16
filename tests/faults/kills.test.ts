/**
 * kill -9 of device, cloud, broker and store at random moments, one or two at a time, while a camera records through all of it: PostgreSQL as the store,
 * Mosquitto as the broker, a device with a spool. Afterwards nothing that was acknowledged is missing, nothing is twice in a playlist, the spool
 * opens and is sent, and every other picture is there or accounted for.
 *
 * SKYRILL_KILLS sets how many, SKYRILL_SEED when and whom.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { until } from '../cloud/support/cloud.ts'
import { needPostgres, startPostgres } from '../cloud/support/postgres.ts'
import { call, register, slicesOf } from '../e2e/support/cloud-client.ts'
import { TestAuthority } from '../support/certificates.ts'
import { Mosquitto } from '../support/mosquitto.ts'
import { ROOT } from '../support/paths.ts'
import { reservePort } from '../support/ports.ts'
import { random } from '../support/random.ts'
import { needTool } from '../support/tools.ts'
import { Child } from './support/child.ts'
import type { DeviceJob, DeviceReport } from './support/device-process.ts'
import { numbersIn } from './support/marked-frames.ts'

const KILLS = Number(process.env.SKYRILL_KILLS ?? 20)
const SEED = Number(process.env.SKYRILL_SEED ?? 1)
const PROGRESS = 50
const PATIENCE_MS = 120_000
const CLOUD_PASSWORD = 'the-password-of-the-cloud'
const ADMIN_TOKEN = 'the-admin-token-of-this-test'
/** Labels of pictures and intervals of the ledger are this close. */
const TOLERANCE_MS = 2000
/** Numbers of pictures of one start of the device. */
const BOOT_NUMBERS = 1_000_000
const LAST_PICTURES = 50

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

type Pushed = { number: number; wallMs: number; code: number }

const readJournal = (path: string) => {
  const pushed: Pushed[] = []
  const acknowledged: [number, number][] = []
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const [kind, a, b, c] = line.split(' ')
    if (kind === 'p') pushed.push({ number: Number(a), wallMs: Number(b), code: Number(c) })
    else if (kind === 'k') acknowledged.push([Number(a), Number(b)])
  }
  return { pushed, acknowledged }
}

/** Byte ranges of a playlist, by file. */
const rangesOf = (playlist: string): Map<string, [number, number][]> => {
  const ranges = new Map<string, [number, number][]>()
  let range: [number, number] = [0, 0]
  for (const line of playlist.split('\n')) {
    const found = /^#EXT-X-BYTERANGE:(\d+)@(\d+)/.exec(line)
    if (found) range = [Number(found[2]), Number(found[2]) + Number(found[1])]
    else if (line !== '' && !line.startsWith('#'))
      ranges.set(line, [...(ranges.get(line) ?? []), range])
  }
  return ranges
}

test(`${KILLS} kills of device, cloud, broker and store (seed ${SEED})`, {
  timeout: 240_000 + KILLS * 20_000,
  skip: needPostgres() || needTool('mosquitto', 'mosquitto_passwd', 'openssl'),
}, async () => {
  const next = random(SEED)
  const folder = mkdtempSync(join(tmpdir(), 'skyrill-kills-'))
  const store = await startPostgres()
  const authority = new TestAuthority(folder)
  const brokerFolder = join(folder, 'broker')
  mkdirSync(brokerFolder)
  const broker = await Mosquitto.prepare(brokerFolder, authority.issue('broker'))
  broker.password('cloud', CLOUD_PASSWORD)
  const httpPort = await reservePort()
  const bun = join(ROOT, 'node_modules', '.bin', 'bun')
  const cloud = new Child(() => [bun, join(ROOT, 'cloud', 'server', 'main.ts')], /^page /m, {
    SKYRILL_DATA: join(folder, 'cloud'),
    SKYRILL_HTTP_PORT: String(httpPort),
    SKYRILL_DATABASE_URL: store.url,
    SKYRILL_MQTT_BROKER_URL: broker.cloudUrl(CLOUD_PASSWORD),
    SKYRILL_ADMIN_TOKEN: ADMIN_TOKEN,
    SKYRILL_MIN_FREE_MIB: '0',
    SKYRILL_LOG: 'warn',
  })
  const address = { httpUrl: `http://127.0.0.1:${httpPort}`, mqttUrl: '', adminToken: ADMIN_TOKEN }
  const journal = join(folder, 'journal')
  let boots = 0
  let job: Omit<DeviceJob, 'firstNumber'>
  const device = new Child(
    () => [
      bun,
      join(ROOT, 'tests', 'faults', 'support', 'device-process.ts'),
      JSON.stringify({ ...job, firstNumber: ++boots * BOOT_NUMBERS }),
    ],
    /^ready$/m,
  )
  const victims = {
    device,
    cloud,
    broker: { start: () => broker.start(), kill: () => broker.stop('SIGKILL') },
    store,
  }
  const killed: Record<string, number> = {}
  try {
    await broker.start()
    await cloud.start()
    const identity = await register(address, 'camera')
    broker.password(`${identity.productId}/camera`, identity.deviceSecret)
    job = {
      identity: { ...identity, cloudUrl: broker.deviceUrl, login: 'static', ca: authority.ca },
      storePath: join(folder, 'device'),
      spoolBytes: 64 * 1024 * 1024,
      ringBytes: 256 * 1024,
      format: next() < 0.5 ? 'ts' : 'fmp4',
      journal,
    }
    await device.start()
    // the device is the one that has to live for a slice now and then
    const names = ['device', 'cloud', 'cloud', 'broker', 'broker', 'store', 'store'] as const
    for (let kills = 0; kills < KILLS; ) {
      await sleep(200 + next() * 2300)
      const first = names[Math.floor(next() * names.length)]!
      const second = names[Math.floor(next() * names.length)]!
      const both = next() < 0.25 && second !== first && kills + 2 <= KILLS
      const now = both ? [first, second] : [first]
      for (const name of now) {
        await victims[name].kill()
        killed[name] = (killed[name] ?? 0) + 1
        kills++
      }
      await sleep(next() * 600)
      // one that needs the other comes up when that is there
      await Promise.all(now.map((name) => victims[name].start()))
      if (Math.floor(kills / PROGRESS) > Math.floor((kills - now.length) / PROGRESS))
        console.log(`… ${kills} of ${KILLS}`)
    }
    // the last start of the device records something too, and ends in good order
    await until(
      'the last recording',
      () =>
        readJournal(journal).pushed.filter(({ number }) => number >= boots * BOOT_NUMBERS).length >
        LAST_PICTURES,
      PATIENCE_MS,
    )
    const exit = await device.kill('SIGTERM')
    assert.equal(exit, 0, `the device ended with ${exit}: ${device.output}`)
    const report = JSON.parse(device.output.trim().split('\n').at(-1)!) as DeviceReport
    assert.equal(report.spoolSlices, 0, 'everything in the spool was sent')

    const { pushed, acknowledged } = readJournal(journal)
    const slices = await slicesOf(address, identity)
    const files = new Map<string, Buffer>()
    const seen = new Map<number, string>()
    for (const { id, url } of slices) {
      const response = await call(address, 'GET', url)
      assert.equal(response.status, 200, `${url}`)
      const bytes = Buffer.from(await response.arrayBuffer())
      files.set(url.split('/').at(-1)!, bytes)
      for (const number of numbersIn(job.format, bytes)) {
        assert.equal(seen.get(number), undefined, `picture ${number} is in two slices`)
        seen.set(number, id)
      }
    }
    assert.ok(acknowledged.length > 0, 'some slices were acknowledged')
    const lost = pushed.filter(
      ({ number, code }) =>
        code === 0 &&
        !seen.has(number) &&
        acknowledged.some(([from, to]) => number >= from && number <= to),
    )
    assert.deepEqual(lost, [], 'what was acknowledged is there')
    const unexplained = pushed.filter(
      ({ number, wallMs }) =>
        !seen.has(number) &&
        !report.losses.some(
          ({ startMs, endMs }) =>
            wallMs >= startMs - TOLERANCE_MS && wallMs <= endMs + TOLERANCE_MS,
        ),
    )
    assert.deepEqual(
      unexplained.slice(0, 5),
      [],
      `${unexplained.length} pictures are missing and nobody says why; ledger: ${JSON.stringify(report.losses)}`,
    )

    const path = `/api/devices/${identity.productId}/${identity.deviceName}/channels/0/playlist.m3u8`
    const fromMs = pushed[0]!.wallMs - 10_000
    const range = `?from=${fromMs}&to=${Date.now() + 10_000}`
    const playlist = await until(
      'the playlist',
      async () => {
        const response = await call(address, 'GET', path + range)
        return response.ok && (await response.text())
      },
      PATIENCE_MS,
    )
    const played = new Set<number>()
    for (const [url, ranges] of rangesOf(playlist)) {
      const file = files.get(new URL(url, address.httpUrl).pathname.split('/').at(-1)!)
      assert.ok(file, `${url} is of the playlist and not of the slices`)
      const parts = ranges.map(([start, end]) => file.subarray(start, end))
      for (const number of numbersIn(job.format, Buffer.concat(parts))) {
        assert.ok(!played.has(number), `picture ${number} is twice in the playlist`)
        played.add(number)
      }
    }
    // a part of a GOP that was cut is kept and not listed
    assert.ok(played.size > LAST_PICTURES / 2, `${played.size} of ${seen.size} pictures are listed`)
    console.log(
      `# ${JSON.stringify(killed)}: ${pushed.length} pictures pushed, ${seen.size} arrived, ${acknowledged.length} slices acknowledged, ${report.losses.length} losses in the ledger`,
    )
  } finally {
    await device.kill()
    await cloud.kill()
    await broker.stop('SIGKILL')
    await store.stop()
    rmSync(folder, { recursive: true, force: true })
  }
})
