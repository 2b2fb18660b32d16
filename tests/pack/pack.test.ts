/** The packed package, installed into an empty project and used on each runtime against a real cloud. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Cloud, createLogger, startCloud } from '../../cloud/server/index.ts'
import { AccessUnitSplitter, readAccessUnits } from '../../runtime/source/annexb.ts'
import { ROOT } from '../support/paths.ts'

const FPS = 25
const PRODUCT = 'PACKTEST'
const INSTALL_TIMEOUT_MS = 120_000
const RUN_TIMEOUT_MS = 60_000
const clip = join(ROOT, 'tools', 'demo', 'clip.h264')
const bin = (name: string) => join(ROOT, 'node_modules', '.bin', name)

const RUNTIMES = [
  { name: 'bun', command: bin('bun'), args: ['consumer.mjs'] },
  { name: 'node', command: process.env.npm_node_execpath ?? 'node', args: ['consumer.mjs'] },
  {
    name: 'deno',
    command: bin('deno'),
    args: ['run', '-A', '--no-lock', '--node-modules-dir=manual', 'consumer.mjs'],
  },
] as const

const finish = (command: string, args: readonly string[], cwd: string, timeout: number) => {
  const done = spawnSync(command, [...args], {
    cwd,
    timeout,
    encoding: 'utf8',
    maxBuffer: 16 << 20,
  })
  assert.equal(done.status, 0, `${command} ${args.join(' ')}\n${done.stdout}\n${done.stderr}`)
  return done.stdout
}

/** Runs while this process serves the cloud, so it must not block it. */
const runBeside = (command: string, args: readonly string[], cwd: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, [...args], { cwd, timeout: RUN_TIMEOUT_MS })
    let out = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        out += chunk
      })
    child.on('close', (status) => (status === 0 ? resolve(out) : reject(new Error(out))))
  })

const accessUnits = async () => {
  const frames: { offset: number; length: number; key: boolean }[] = []
  for await (const unit of readAccessUnits([readFileSync(clip)], new AccessUnitSplitter('h264')))
    frames.push({ offset: unit.offset, length: unit.data.length, key: unit.key })
  return frames
}

describe('packed package', () => {
  const project = mkdtempSync(join(tmpdir(), 'skyrill-pack-'))
  let cloud: Cloud
  let frames: Awaited<ReturnType<typeof accessUnits>>

  const admin = async (method: string, path: string, body: unknown) => {
    const response = await fetch(`${cloud.httpUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${cloud.adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${await response.clone().text()}`)
    return response.json() as Promise<{ deviceSecret: string }>
  }

  before(async () => {
    // what tests/run builds is what is packed: --ignore-scripts keeps npm from building dist/ again under a running suite
    const packed = JSON.parse(
      finish(
        'npm',
        ['pack', '--json', '--ignore-scripts', '--pack-destination', project],
        ROOT,
        INSTALL_TIMEOUT_MS,
      ),
    )
    const tarball: string = packed[0].filename
    writeFileSync(
      join(project, 'package.json'),
      JSON.stringify({ name: 'consumer', version: '1.0.0', type: 'module', private: true }),
    )
    finish(
      'npm',
      ['install', '--no-audit', '--no-fund', '--omit=dev', join(project, tarball)],
      project,
      INSTALL_TIMEOUT_MS,
    )
    copyFileSync(join(ROOT, 'tests', 'pack', 'consumer.mjs'), join(project, 'consumer.mjs'))
    cloud = await startCloud(
      { httpPort: 0, mqttPort: 0, dataDir: join(project, 'data') },
      { log: createLogger('error') },
    )
    frames = await accessUnits()
  })

  after(async () => {
    await cloud?.close()
    rmSync(project, { recursive: true, force: true })
  })

  test('brings no server and no development tool', () => {
    const installed = finish('npm', ['ls', '--all', '--parseable'], project, INSTALL_TIMEOUT_MS)
    assert.doesNotMatch(installed, /aedes|hono|pglite|assemblyscript|typescript$/m)
  })

  test('command line runs from node_modules/.bin', () => {
    mkdirSync(join(project, 'slices'))
    const skyrill = join(project, 'node_modules', '.bin', 'skyrill')
    const out = join(project, 'slices')
    const muxed = JSON.parse(
      finish(
        skyrill,
        ['mux', '--video', clip, '--format', 'fmp4', '--out', out, '--json'],
        project,
        RUN_TIMEOUT_MS,
      ),
    )
    assert.equal(
      muxed.slices.reduce((sum: number, slice: { frames: number }) => sum + slice.frames, 0),
      frames.length,
    )
    const report = finish(
      skyrill,
      ['inspect', join(out, muxed.slices[0].file)],
      project,
      RUN_TIMEOUT_MS,
    )
    assert.match(report, /1280x720/)
  })

  for (const runtime of RUNTIMES)
    test(`records from ${runtime.name}`, async () => {
      const deviceName = `pack-${runtime.name}`
      const { deviceSecret } = await admin('POST', '/api/devices', {
        productId: PRODUCT,
        deviceName,
      })
      await admin('PUT', `/api/devices/${PRODUCT}/${deviceName}/channels/0/plan`, {
        type: 'full',
        days: 7,
      })
      const setup = {
        clip,
        frames,
        fps: FPS,
        mqttUrl: cloud.mqttUrl,
        productId: PRODUCT,
        deviceName,
        deviceSecret,
      }
      writeFileSync(join(project, 'setup.json'), JSON.stringify(setup))
      const out = await runBeside(runtime.command, runtime.args, project)
      const result = JSON.parse(/^RESULT (.*)$/m.exec(out)?.[1] ?? assert.fail(out))
      assert.equal(result.started, 1)
      assert.equal(result.balance.cs_switch, 1)
      assert.ok(result.coreBytes > readFileSync(clip).length)
      assert.equal(result.slices.length, 3)
      for (const slice of result.slices) {
        assert.equal(slice.ok, true)
        assert.equal(slice.sent, slice.bytes)
      }
      assert.equal(result.slices.at(-1).last, frames.length - 1)
    })
})
