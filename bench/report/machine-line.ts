import type { Machine } from '../harness.ts'

/** What stands above every table. */
export const machineLine = (machine: Machine): string => {
  const versions = Object.entries(machine.runtimes).map(([name, version]) => `${name} ${version}`)
  return `Measured on ${machine.date}: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.os}; ${versions.join(', ')}.`
}
