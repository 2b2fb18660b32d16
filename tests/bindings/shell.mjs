import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Rust's first build of wasmtime is the longest thing that runs here. */
const TIMEOUT_MS = 20 * 60_000
const TAIL_LINES = 25

/** Something is not as it must be; the message is for a person. */
export class Failure extends Error {}

export const findTool = (name) =>
  (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)))

/** Runs a program to its end; what it printed, or a Failure with the end of that. */
export const run = (command, args, cwd, env = {}) => {
  const done = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    maxBuffer: 64 << 20,
  })
  const output = `${done.stdout ?? ''}${done.stderr ?? ''}`
  if (done.status === 0) return output
  const why = done.error?.message ?? `exit ${done.status}`
  const tail = output.trimEnd().split('\n').slice(-TAIL_LINES).join('\n')
  throw new Failure(`${command} ${args.join(' ')}: ${why}\n${tail}`)
}
