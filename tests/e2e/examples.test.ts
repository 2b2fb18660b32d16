/** The examples, run from the packed package on each runtime against a real cloud. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openCloud, type TestCloud } from '../cloud/support/cloud.ts'
import { run } from '../support/ffmpeg.ts'
import { ROOT } from '../support/paths.ts'
import { register, slicesOf } from './support/cloud-client.ts'

const SECONDS = 4
const bin = (name: string): string => join(ROOT, 'node_modules', '.bin', name)
const RUNTIMES = [
  { name: 'bun', command: bin('bun'), args: [] },
  { name: 'node', command: process.env.npm_node_execpath ?? 'node', args: [] },
  {
    name: 'deno',
    command: bin('deno'),
    args: ['run', '-A', '--no-lock', '--node-modules-dir=manual'],
  },
]
const EXAMPLES = [
  {
    file: 'basic-flow.mjs',
    plan: { type: 'full', days: 7 },
    says: /plan: switch 1, type 1, 7 days\n1 slices are at the cloud/,
  },
  {
    file: 'event-flow.mjs',
    plan: { type: 'event', days: 7 },
    says: /event 7: result 1, picture 0/,
  },
  {
    file: 'sample.mjs',
    plan: { type: 'full', days: 7 },
    says: /100 pictures and 6[23] sound frames, 0 refused/,
  },
]

describe('examples', { timeout: 110_000 }, () => {
  const project = mkdtempSync(join(tmpdir(), 'skyrill-examples-'))
  let cloud: TestCloud
  before(async () => {
    // what the tests' run has built is what is packed
    const packed = run(
      'npm',
      ['pack', '--json', '--ignore-scripts', '--pack-destination', project],
      { cwd: ROOT },
    )
    assert.equal(packed.status, 0, packed.stderr)
    const [{ filename }] = JSON.parse(packed.stdout.toString()) as [{ filename: string }]
    const modules = join(project, 'node_modules')
    mkdirSync(join(modules, 'skyrill'), { recursive: true })
    const archive = join(project, filename)
    run('tar', ['xzf', archive, '--strip-components=1', '-C', join(modules, 'skyrill')])
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    for (const dependency of Object.keys(dependencies))
      symlinkSync(join(ROOT, 'node_modules', dependency), join(modules, dependency))
    writeFileSync(join(project, 'package.json'), '{"type":"module","dependencies":{"skyrill":"*"}}')
    for (const file of readdirSync(join(ROOT, 'examples')))
      cpSync(join(ROOT, 'examples', file), join(project, file), { recursive: true })
    cloud = await openCloud({ logLevel: 'warn' })
  })
  after(async () => {
    await cloud.remove()
    rmSync(project, { recursive: true, force: true })
  })

  /** Runs beside the cloud, which is in this process. */
  const example = (
    command: string,
    args: readonly string[],
    env: Record<string, string>,
  ): Promise<string> =>
    new Promise((resolve, reject) => {
      const child = spawn(command, [...args], {
        cwd: project,
        env: { ...process.env, ...env },
        timeout: 40_000,
      })
      let out = ''
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk) => {
          out += chunk
        })
      child.on('close', (status) =>
        status === 0 ? resolve(out) : reject(new Error(`exit ${status}: ${out}`)),
      )
    })

  for (const { file, plan, says } of EXAMPLES)
    test(`${file} on Bun, Node and Deno`, async () => {
      await Promise.all(
        RUNTIMES.map(async ({ name, command, args }) => {
          const identity = await register(cloud, `${file.replace('.mjs', '')}-${name}`, 0, plan)
          const out = await example(command, [...args, file], {
            SKYRILL_CLOUD: cloud.mqttUrl,
            SKYRILL_PRODUCT: identity.productId,
            SKYRILL_DEVICE: identity.deviceName,
            SKYRILL_SECRET: identity.deviceSecret,
            SKYRILL_VIDEO: join(ROOT, 'tools', 'demo', 'clip.h264'),
            SKYRILL_AUDIO: join(ROOT, 'tools', 'demo', 'clip.aac'),
            SKYRILL_SECONDS: String(SECONDS),
          })
          assert.match(out, says, name)
          const slices = await slicesOf(cloud, identity)
          assert.equal(slices.length, 1, name)
          assert.equal(slices[0]!.state, 'done', name)
          assert.ok(slices[0]!.bytes > 50_000, name)
        }),
      )
    })
})
