import { readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import type { Machine } from './harness.ts'
import { process } from './runtime.ts'

const osName = (): string => {
  try {
    const text = readFileSync('/etc/os-release', 'utf8')
    return /^PRETTY_NAME="(.*)"$/m.exec(text)?.[1] ?? process.platform
  } catch {
    return process.platform
  }
}

/** What the figures were measured on. */
export const machine = (runtimes: Record<string, string>): Machine => ({
  cpu: `${cpus()[0]?.model ?? 'unknown'} (${process.arch})`,
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  os: osName(),
  date: new Date().toISOString().slice(0, 10),
  runtimes,
})
