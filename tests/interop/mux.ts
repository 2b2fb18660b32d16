import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { buildFolder, ROOT } from '../support/paths.ts'

/** A slice as `skyrill mux --json` reports it, with the path of its file. */
export type MuxedSlice = { path: string; frames: number; bytes: number; durationMs: number }

let calls = 0

/** Runs `skyrill mux` as a user would and returns the slices in time order. A failing call throws with its message. */
export const mux = (args: string[]): MuxedSlice[] => {
  const out = join(buildFolder('interop'), `${process.pid}-${calls++}`)
  rmSync(out, { recursive: true, force: true })
  const done = spawnSync(
    join(ROOT, 'node_modules', '.bin', 'bun'),
    [join(ROOT, 'tools', 'cli.ts'), 'mux', ...args, '--out', out, '--json'],
    { encoding: 'utf8', timeout: 60_000, maxBuffer: 64 << 20 },
  )
  if (done.status !== 0) throw new Error(`skyrill mux ${args.join(' ')}: ${done.stderr}`)
  const report: { slices: { file: string; frames: number; bytes: number; durationMs: number }[] } =
    JSON.parse(done.stdout)
  return report.slices.map((slice) => ({ ...slice, path: join(out, basename(slice.file)) }))
}
