/** The core and the whole runtime on Bun for 64-bit ARM, under emulation: right, never fast. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { bunFor } from '../../tools/executable/bun-for.mjs'
import { ROOT } from '../support/paths.ts'
import { armBun, emulateMusl, needEmulator, needMusl } from './support/emulator.ts'

const TIMEOUT_MS = 500_000

/** Suites of the core; what decodes whole clips takes minutes here and shows nothing more. */
const LEFT_OUT = /media|size|strict|aac-encoder|browser/
const testsIn = (folder: string): string[] =>
  readdirSync(join(ROOT, 'tests', folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts') && !LEFT_OUT.test(name))
    .map((name) => `./tests/${folder}/${name}`)
    .sort()

describe('Bun on aarch64 (cortex-a53, qemu)', { skip: needEmulator() }, () => {
  const run = (files: string[]): string => {
    const { command, args } = armBun()
    const done = spawnSync(command, [...args, 'test', '--timeout', '200000', ...files], {
      cwd: ROOT,
      encoding: 'utf8',
      timeout: TIMEOUT_MS,
      env: { ...process.env, CI: '' },
    })
    const output = `${done.stdout}${done.stderr}`
    assert.equal(done.status, 0, output.slice(-4000))
    return output
  }

  test('all conformance vectors', { timeout: TIMEOUT_MS }, () => {
    const output = run(testsIn('conformance'))
    assert.match(output, /\b[1-9]\d* pass\n\s*0 fail/)
  })

  test('the suites of the core', { timeout: TIMEOUT_MS }, () => {
    const files = [
      ...testsIn('core-wasm'),
      ...['nal', 'h264', 'h265', 'ts', 'bits', 'pcm'].flatMap((part) =>
        testsIn(`assembly/${part}`),
      ),
    ]
    const [, passed] = /(\d+) pass\n\s*0 fail/.exec(run(files)) ?? []
    assert.ok(Number(passed) > 200, `${passed} passed`)
  })
})

describe('Bun on aarch64 with musl (smoke test)', { skip: needMusl() }, () => {
  test('a slice of TS is muxed', { timeout: TIMEOUT_MS }, () => {
    const { command, args } = emulateMusl(bunFor('arm64-musl'))
    const done = spawnSync(command, [...args, join('tools', 'cli.ts'), 'mux', '--help'], {
      cwd: ROOT,
      encoding: 'utf8',
      timeout: TIMEOUT_MS,
    })
    assert.equal(done.status, 0, done.stderr)
    const vectors = spawnSync(
      command,
      [...args, 'test', '--timeout', '200000', './tests/core-wasm/slices.test.ts'],
      { cwd: ROOT, encoding: 'utf8', timeout: TIMEOUT_MS },
    )
    assert.equal(vectors.status, 0, `${vectors.stdout}${vectors.stderr}`.slice(-4000))
  })
})
