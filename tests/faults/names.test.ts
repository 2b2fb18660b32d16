/**
 * The cloud's name cannot be resolved, then it can: the device runs in a mount namespace with a hosts file of the test's own. Needs root.
 */
import assert from 'node:assert/strict'
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { until } from '../cloud/support/cloud.ts'
import { download, register } from '../e2e/support/cloud-client.ts'
import { run } from '../support/ffmpeg.ts'
import { ROOT } from '../support/paths.ts'
import { Child } from './support/child.ts'
import type { DeviceJob, DeviceReport } from './support/device-process.ts'
import { numbersIn } from './support/marked-frames.ts'
import { openRig, PATIENCE_MS } from './support/rig.ts'

/** Reserved for tests: no server answers for it. Spec: RFC 6761 6.4 */
const NAME = 'cloud.skyrill.invalid'
const PUSHED = 100

const needNamespace = (): false | string => {
  const done = run('unshare', ['--mount', 'true'])
  return done.status !== 0 && `no mount namespace can be made: ${done.stderr.trim()} (needs root)`
}

test('a name that cannot be resolved, then can', {
  timeout: 300_000,
  skip: needNamespace(),
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'skyrill-names-'))
  const hosts = join(folder, 'hosts')
  const journal = join(folder, 'journal')
  writeFileSync(hosts, '127.0.0.1 localhost\n')
  const rig = await openRig({ urlOf: (port) => `http://${NAME}:${port}` })
  const identity = await register(rig.cloud, 'camera')
  const job: DeviceJob = {
    identity: { ...identity, cloudUrl: `mqtt://127.0.0.1:${rig.mqtt.port}` },
    storePath: join(folder, 'device'),
    spoolBytes: 64 * 1024 * 1024,
    ringBytes: 512 * 1024,
    format: 'ts',
    journal,
    firstNumber: 0,
  }
  const bun = join(ROOT, 'node_modules', '.bin', 'bun')
  const program = join(ROOT, 'tests', 'faults', 'support', 'device-process.ts')
  const script = 'mount --bind "$1" /etc/hosts && shift && exec "$@"'
  const device = new Child(
    () => [
      'unshare',
      '--mount',
      'sh',
      '-c',
      script,
      'sh',
      hosts,
      bun,
      program,
      JSON.stringify(job),
    ],
    /^ready$/m,
  )
  const pushed = (): string[] =>
    existsSync(journal) ? (readFileSync(journal, 'utf8').match(/^p \d+/gm) ?? []) : []
  try {
    await device.start()
    await until('a recording', () => pushed().length > PUSHED, PATIENCE_MS)
    assert.equal(rig.http.connections, 0, 'nobody was asked')
    appendFileSync(hosts, `127.0.0.1 ${NAME}\n`)
    await until('the name to be found', () => rig.http.connections > 0, PATIENCE_MS)
    assert.equal(await device.kill('SIGTERM'), 0, device.output)
    const report = JSON.parse(device.output.trim().split('\n').at(-1)!) as DeviceReport
    assert.equal(report.spoolSlices, 0)
    const slices = await rig.slicesOf({ identity })
    const numbers = numbersIn('ts', await download(rig.cloud, slices))
    const { refused } = report
    assert.equal(new Set(numbers).size, numbers.length, 'no picture is there twice')
    assert.equal(numbers.length + refused, pushed().length, JSON.stringify(report))
  } finally {
    await device.kill()
    await rig.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
