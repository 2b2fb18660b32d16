import { spawnSync } from 'node:child_process'
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './ffmpeg.ts'
import { buildFolder } from './paths.ts'
import { findTool } from './tools.ts'

/** Makes a Python client of an OpenAPI document. */
const GENERATOR = 'openapi-python-client==0.29.1'
const INSTALL_MS = 300_000

const refuse = (reason: string): string => {
  if (process.env.CI === 'true') throw new Error(`needed on CI: ${reason}`)
  return reason
}

/** Value for a test's `skip` option: Python 3.10 or newer with venv, and the generator from the package index, once. */
export const needPythonClient = (): false | string => {
  const python = findTool('python3')
  if (!python) return refuse('python3 is not installed (apt-get install python3-venv)')
  const folder = pythonFolder()
  if (existsSync(folder)) return false
  const partial = `${folder}.${process.pid}`
  const steps: [string, string[]][] = [
    [python, ['-m', 'venv', partial]],
    [join(partial, 'bin/python'), ['-m', 'pip', 'install', '-q', '--no-input', GENERATOR]],
  ]
  for (const [command, args] of steps) {
    const done = spawnSync(command, args, { timeout: INSTALL_MS, encoding: 'utf8' })
    if (done.status === 0) continue
    rmSync(partial, { recursive: true, force: true })
    return refuse(`${command} ${args.join(' ')}: ${done.stderr ?? done.error}`)
  }
  // its scripts name the folder they were made in, so it is run as a module
  if (existsSync(folder)) rmSync(partial, { recursive: true, force: true })
  else renameSync(partial, folder)
  return false
}

const pythonFolder = (): string => join(buildFolder('python-client'), GENERATOR.replace('==', '-'))

/** The interpreter that has the generator, and what its clients need. */
export const python = (): string => join(pythonFolder(), 'bin/python')

/** It knows of bytes by one name only, and formats with a program that need not be there. */
const CONFIG = {
  content_type_overrides: Object.fromEntries(
    [
      'application/vnd.apple.mpegurl',
      'application/x-tar',
      'image/jpeg',
      'image/png',
      'video/mp4',
    ].map((type) => [type, 'application/octet-stream']),
  ),
  post_hooks: [],
}

/** Generates a client package from a document; what the generator warns of is a fault. */
export const generateClient = (document: string, folder: string): void => {
  const config = `${folder}.json`
  writeFileSync(config, JSON.stringify(CONFIG))
  const args = ['-m', 'openapi_python_client', 'generate', '--path', document, '--config', config]
  const done = run(python(), [...args, '--output-path', folder, '--meta', 'none', '--overwrite'])
  const said = `${done.stdout}${done.stderr}`
  if (done.status !== 0 || /warning/i.test(said)) throw new Error(`the generator says: ${said}`)
}
