import { readdirSync, readFileSync } from 'node:fs'

/** Clock ticks of /proc are hundredths of a second on every Linux that Skyrill runs on. */
const TICKS_PER_S = 100

export type Usage = { cpuS: number; rssBytes: number }

const one = (pid: number): Usage => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // the second field is the program's name in parentheses and may hold blanks; utime and stime are the 14th and 15th
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return {
    cpuS: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S,
    rssBytes: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024,
  }
}

const childrenOf = (pid: number): number[] => {
  const found: number[] = []
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const text = readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim()
    if (text !== '') found.push(...text.split(' ').map(Number))
  }
  return found
}

/** CPU time and memory of a process and what it has started. */
export const usage = (pid: number): Usage => {
  const own = one(pid)
  for (const child of childrenOf(pid)) {
    const { cpuS, rssBytes } = usage(child)
    own.cpuS += cpuS
    own.rssBytes += rssBytes
  }
  return own
}
