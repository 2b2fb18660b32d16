import { readFileSync } from 'node:fs'

/** Linux counts CPU time in hundredths of a second. Spec: proc(5), sysconf(_SC_CLK_TCK) */
const TICKS_PER_SECOND = 100
const KIB_PER_MIB = 1024

const field = (text: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? Number.NaN) / KIB_PER_MIB

/** Memory of a process in MiB; files that are mapped, the program itself above all, are in `rss` as well. */
export const memoryOf = (pid: number): { rss: number; anonymous: number } => {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  return { rss: field(text, 'VmRSS'), anonymous: field(text, 'RssAnon') }
}

/** Seconds of CPU that a process has used. */
export const cpuOf = (pid: number): number => {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // the name of the program may contain blanks
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}
