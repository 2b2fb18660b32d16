#!/usr/bin/env node
/**
 * npm run build:executables [-- x64|arm64|arm64-musl …]
 *
 * `skyrill push` as one file for a board: build/executables/skyrill-push-linux-*. Bun's program for another machine comes from npm, in the version
 * of the `bun` dependency, and is kept in the user's cache.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { argv, exit } from 'node:process'
import { fileURLToPath } from 'node:url'
import { BUN_TARGETS, bunFor } from './bun-for.mjs'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const wanted = argv.slice(2)
for (const name of wanted)
  if (!Object.hasOwn(BUN_TARGETS, name)) {
    console.error(`no target ${name}; there are ${Object.keys(BUN_TARGETS).join(', ')}`)
    exit(2)
  }

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const folder = join(root, 'build', 'executables')
mkdirSync(folder, { recursive: true })
for (const name of wanted.length > 0 ? wanted : Object.keys(BUN_TARGETS)) {
  const out = join(folder, `skyrill-push-linux-${name}`)
  const done = spawnSync(
    join(root, 'node_modules', '.bin', 'bun'),
    [
      ...['build', '--compile', '--minify', `--target=${BUN_TARGETS[name].target}`],
      // a board's folders are not the program's configuration
      ...['--no-compile-autoload-dotenv', '--no-compile-autoload-bunfig'],
      `--compile-executable-path=${bunFor(name)}`,
      ...['--outfile', out, join('tools', 'executable', 'push.ts')],
    ],
    { cwd: root, encoding: 'utf8' },
  )
  if (done.status !== 0) {
    console.error(`${name}: ${done.error?.message ?? done.stderr}`)
    exit(1)
  }
  console.log(`${out}: skyrill push ${version}, ${(statSync(out).size / 1e6).toFixed(1)} MB`)
}
