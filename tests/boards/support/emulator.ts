/** Runs programs of 64-bit ARM boards: Bun from npm under qemu-user, with glibc from Debian's cross packages or musl. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { bunFor } from '../../../tools/executable/bun-for.mjs'
import { ROOT } from '../../support/paths.ts'
import { needTool } from '../../support/tools.ts'

const CROSS_ROOT = '/usr/aarch64-linux-gnu'
/** No instruction of ARMv8.1 or later: what the cheapest boards have. */
const CPU = 'cortex-a53'
const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'skyrill')

/** A command line without its last part: the program's own arguments. */
export type Emulated = { command: string; args: string[] }

const missing = (reason: string): string => {
  if (process.env.CI === 'true') throw new Error(`needed on CI: ${reason}`)
  return reason
}

/** Value for a test's `skip` option. */
export const needEmulator = (): false | string => {
  const tool = needTool('qemu-aarch64-static')
  if (tool) return tool
  if (!existsSync(join(CROSS_ROOT, 'lib', 'libstdc++.so.6')))
    return missing(
      'libraries of arm64 are not installed (apt-get install libstdc++6-arm64-cross libc6-arm64-cross)',
    )
  return false
}

/** A glibc board. */
export const emulate = (program: string): Emulated => ({
  command: 'qemu-aarch64-static',
  args: ['-cpu', CPU, '-L', CROSS_ROOT, program],
})

export const armBun = (): Emulated => emulate(bunFor('arm64'))

/**
 * A musl board: Debian's musl and libstdc++ for arm64, fetched into the cache by an apt of its own, and a shim for what the latter wants of
 * glibc. A smoke test only.
 */
export const muslRoot = (): string => {
  const folder = join(CACHE, 'musl-arm64')
  if (existsSync(join(folder, 'shim.so'))) return folder
  mkdirSync(CACHE, { recursive: true })
  const work = mkdtempSync(join(CACHE, 'partial-'))
  const run = (command: string, args: string[]) =>
    execFileSync(command, args, { cwd: work, stdio: 'pipe' })
  try {
    for (const part of ['lists/partial', 'cache/archives/partial', 'lib'])
      mkdirSync(join(work, part), { recursive: true })
    const options = {
      'APT::Architecture': 'arm64',
      'APT::Architectures': 'arm64',
      'Dir::State::Lists': join(work, 'lists'),
      'Dir::State::status': '/dev/null',
      'Dir::Cache': join(work, 'cache'),
      'APT::Sandbox::User': 'root',
    }
    const apt = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`])
    run('apt-get', [...apt, '-qq', 'update'])
    run('apt-get', [...apt, '-qq', 'download', 'musl', 'libstdc++6', 'libgcc-s1'])
    for (const file of readdirSync(work).filter((name) => name.endsWith('.deb')))
      run('dpkg', ['-x', file, '.'])
    run('aarch64-linux-gnu-gcc', [
      ...['-shared', '-fPIC', '-nostdlib', '-O2', '-o', 'shim.so'],
      join(ROOT, 'tests', 'boards', 'support', 'musl-shim.c'),
    ])
    for (const part of ['lists', 'cache']) rmSync(join(work, part), { recursive: true })
    if (!existsSync(folder)) renameSync(work, folder)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return folder
}

export const needMusl = (): false | string => {
  const emulator = needEmulator()
  if (emulator) return emulator
  return needTool('apt-get', 'dpkg', 'aarch64-linux-gnu-gcc')
}

export const emulateMusl = (program: string): Emulated => {
  const root = muslRoot()
  const library = ['usr/lib/aarch64-linux-gnu', 'lib/aarch64-linux-gnu', 'lib/aarch64-linux-musl']
  return {
    command: 'qemu-aarch64-static',
    args: [
      ...['-cpu', CPU, '-L', root],
      ...['-E', `LD_PRELOAD=${join(root, 'shim.so')}`],
      ...['-E', `LD_LIBRARY_PATH=${library.map((part) => join(root, part)).join(':')}`],
      program,
    ],
  }
}
