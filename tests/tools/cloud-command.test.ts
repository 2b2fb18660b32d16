import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { ROOT, withTempFolder } from '../support/paths.ts'

const BIN = join(ROOT, 'node_modules', '.bin')
const RUNTIMES = {
  bun: [join(BIN, 'bun')],
  deno: [join(BIN, 'deno'), 'run', '-A', '--no-check', '--no-lock'],
  node: ['node', '--import', join(ROOT, 'node_modules', 'tsx', 'dist', 'loader.mjs')],
}

/** The command outside of a checkout: only its own files are there. */
const install = (folder: string): string => {
  const cli = join(folder, 'tools', 'cli')
  mkdirSync(cli, { recursive: true })
  for (const file of ['cloud-command.ts', 'usage-error.ts'])
    copyFileSync(join(ROOT, 'tools', 'cli', file), join(cli, file))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const program = join(folder, 'run.ts')
  writeFileSync(
    program,
    "import { cloudCommand } from './tools/cli/cloud-command.ts'\ntry { process.exitCode = await cloudCommand([]) } catch (error) { console.log(String(error)) }\n",
  )
  return program
}

for (const [name, [command, ...args]] of Object.entries(RUNTIMES))
  test(`the separate package, on ${name}`, () =>
    withTempFolder((folder) => {
      const program = install(folder)
      const run = () =>
        spawnSync(command!, [...args, program], { cwd: folder, encoding: 'utf8', timeout: 60_000 })
      const missing = run()
      assert.equal(
        missing.stdout,
        'InputError: the cloud is a package of its own and not installed: npm install skyrill-cloud\n',
        missing.stderr,
      )

      const cloud = join(folder, 'node_modules', 'skyrill-cloud')
      mkdirSync(join(cloud, 'dist'), { recursive: true })
      const manifest = {
        name: 'skyrill-cloud',
        type: 'module',
        bin: { 'skyrill-cloud': 'dist/main.js' },
        exports: { './package.json': './package.json' },
      }
      writeFileSync(join(cloud, 'package.json'), JSON.stringify(manifest))
      writeFileSync(join(cloud, 'dist', 'main.js'), "console.log('cloud runs')\n")
      const found = run()
      assert.equal(found.stdout, 'cloud runs\n', found.stderr)
    }))

test('in a checkout the cloud starts from its sources and ends on a signal', () =>
  withTempFolder(async (folder) => {
    const env = {
      ...process.env,
      SKYRILL_DATA: folder,
      SKYRILL_HTTP_PORT: '0',
      SKYRILL_MQTT_PORT: '0',
    }
    const child = spawn(RUNTIMES.bun[0]!, [join(ROOT, 'tools', 'cli.ts'), 'cloud'], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const lines: string[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line)
      if (line.startsWith('MQTT')) child.kill('SIGINT')
    }
    assert.match(lines.join('\n'), /^page {3}http:\/\/127\.0\.0\.1:\d+/m)
  }))
