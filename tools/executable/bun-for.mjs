/** Bun's program for a kind of machine, as npm has it. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { env } from 'node:process'
import { fileURLToPath } from 'node:url'

/** npm package and `--target` of each */
export const BUN_TARGETS = {
  x64: { package: '@oven/bun-linux-x64', target: 'bun-linux-x64' },
  arm64: { package: '@oven/bun-linux-aarch64', target: 'bun-linux-arm64' },
  'arm64-musl': { package: '@oven/bun-linux-aarch64-musl', target: 'bun-linux-arm64-musl' },
}

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const cache = join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'skyrill')

/** Path of the program; fetched from the npm registry the first time. Throws with npm's words when that fails. */
export const bunFor = (name) => {
  const { bun: version } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  ).devDependencies
  const folder = join(cache, `bun-${name}-${version}`)
  const program = join(folder, 'package', 'bin', 'bun')
  if (existsSync(program)) return program
  mkdirSync(cache, { recursive: true })
  const partial = mkdtempSync(join(cache, 'partial-'))
  try {
    const spec = `${BUN_TARGETS[name].package}@${version}`
    // the tarball's checksum is npm's to check
    const tarball = execFileSync('npm', ['pack', '--silent', spec], {
      cwd: partial,
      encoding: 'utf8',
    }).trim()
    execFileSync('tar', ['-xzf', tarball], { cwd: partial })
    rmSync(join(partial, tarball))
    if (!existsSync(folder)) renameSync(partial, folder)
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
  return program
}
