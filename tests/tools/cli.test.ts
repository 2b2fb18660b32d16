import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { ROOT, withTempFolder } from '../support/paths.ts'
import { annexB, h264 } from './tiny-streams.ts'

const CLI = join(ROOT, 'tools', 'cli.ts')
const RUNTIMES = {
  bun: [join(ROOT, 'node_modules', '.bin', 'bun'), CLI],
  node: ['node', '--import', 'tsx', CLI],
  deno: [join(ROOT, 'node_modules', '.bin', 'deno'), 'run', '-A', '--no-check', '--no-lock', CLI],
}

const skyrill = (args: string[], runtime: keyof typeof RUNTIMES = 'bun', cwd = ROOT) => {
  const [command, ...rest] = RUNTIMES[runtime]
  const done = spawnSync(command!, [...rest, ...args], { cwd, encoding: 'utf8', timeout: 60_000 })
  return { status: done.status, out: done.stdout, err: done.stderr }
}

const WRONG: { args: string[]; status: number; message: RegExp }[] = [
  {
    args: ['fly'],
    status: 2,
    message: /no command "fly"; there are push, cloud, audit, mux, inspect, bench and help/,
  },
  { args: ['constructor'], status: 2, message: /no command "constructor"/ },
  { args: ['mux'], status: 2, message: /--format is missing/ },
  {
    args: ['mux', '--format', 'avi'],
    status: 2,
    message: /--format avi: must be ts or fmp4 or adts/,
  },
  {
    args: ['mux', '--format', 'ts', '--out', 'x'],
    status: 2,
    message: /--video or --audio is missing/,
  },
  { args: ['mux', '--format', 'ts', '--video', 'x'], status: 2, message: /--out is missing/ },
  { args: ['mux', '--nonsense'], status: 2, message: /--nonsense/ },
  {
    args: ['mux', '--format', 'ts', '--out', 'x', '--video', 'nowhere.h264'],
    status: 1,
    message: /nowhere\.h264: no such file/,
  },
  {
    args: ['mux', '--format', 'ts', '--out', 'x', '--video', 'y', '--fps', '0'],
    status: 2,
    message: /--fps 0: must be 0\.1 to 1000 pictures per second/,
  },
  {
    args: ['mux', '--format', 'ts', '--out', 'x', '--video', 'y', '--fps', '25/0'],
    status: 2,
    message: /--fps/,
  },
  {
    args: ['mux', '--format', 'ts', '--out', 'x', '--audio', 'y', '--rate', '44.1'],
    status: 2,
    message: /--rate 44\.1: must be a whole number from 7350 to 96000 Hz/,
  },
  {
    args: ['mux', '--format', 'ts', '--out', 'x', '--audio', 'y', '--bitrate', '1'],
    status: 2,
    message: /--bitrate 1: must be a whole number from 4000 to 576000 bit\/s/,
  },
  {
    args: ['mux', '--format', 'ts', '--out', 'x', '--video', 'y', '--gop-size', '5000'],
    status: 2,
    message: /must be a multiple of 4096 bytes/,
  },
  {
    args: ['mux', '--format', 'adts', '--out', 'x', '--audio', 'y', '--video', 'z'],
    status: 2,
    message: /--format adts is for sound alone/,
  },
  { args: ['inspect'], status: 2, message: /FILE is missing/ },
  { args: ['inspect', 'a', 'b'], status: 2, message: /one file at a time; b is a second/ },
  { args: ['inspect', 'nowhere'], status: 1, message: /nowhere: no such file/ },
]

describe('wrong usage is answered in one line', () => {
  for (const { args, status, message } of WRONG)
    test(`skyrill ${args.join(' ')}`, () => {
      const done = skyrill(args)
      assert.equal(done.status, status)
      assert.match(done.err, message)
      assert.equal(done.err.trim().split('\n').length, 1, done.err)
      assert.equal(done.out, '')
    })

  test('files that are no media', () =>
    withTempFolder((folder) => {
      const text = join(folder, 'text.h264')
      writeFileSync(text, 'this is not a stream of any kind')
      const done = skyrill(['mux', '--video', text, '--format', 'ts', '--out', join(folder, 'out')])
      assert.equal(done.status, 1)
      assert.match(done.err, /text\.h264: is no known format; --video takes raw H\.264 or H\.265/)
      assert.match(skyrill(['inspect', text]).err, /no known format/)
      const empty = join(folder, 'empty')
      writeFileSync(empty, '')
      assert.match(skyrill(['inspect', empty]).err, /no known format/)
      const blocked = skyrill(['mux', '--video', text, '--format', 'adts', '--out', folder])
      assert.equal(blocked.status, 2)
      mkdirSync(join(folder, 'dir'))
      assert.match(skyrill(['inspect', join(folder, 'dir')]).err, /is a folder/)
    }))
})

test('an output folder that cannot be made', () =>
  withTempFolder((folder) => {
    const video = join(folder, 'tiny.h264')
    writeFileSync(video, annexB([h264.sps(), h264.pps(), h264.slice({ idr: true })]))
    const done = skyrill(['mux', '--video', video, '--format', 'ts', '--out', join(video, 'out')])
    assert.equal(done.status, 1)
    assert.match(done.err, /^skyrill: (ENOTDIR|EEXIST)/)
    assert.equal(done.err.trim().split('\n').length, 1, done.err)
  }))

describe('help', () => {
  for (const runtime of ['bun', 'node', 'deno'] as const)
    test(`on ${runtime}`, () => {
      const done = skyrill(['help'], runtime)
      assert.equal(done.status, 0, done.err)
      for (const command of ['push', 'cloud', 'mux', 'inspect', 'bench'])
        assert.match(done.out, new RegExp(`skyrill ${command}`))
    })

  for (const command of ['push', 'cloud', 'mux', 'inspect', 'bench'])
    test(`of ${command}`, () => {
      const asked = skyrill([command, '--help'])
      assert.equal(asked.status, 0, asked.err)
      assert.notEqual(asked.out, '')
      assert.deepEqual(skyrill(['help', command]), asked)
    })
})
