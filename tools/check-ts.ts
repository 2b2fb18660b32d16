import { readFileSync } from 'node:fs'
import { argv } from 'node:process'
import { type Fault, formatFaults } from './check/fault-log.ts'
import { isMain } from './cli/main-module.ts'
import { TsChecker } from './ts/checker.ts'

export { TS_RULES } from './ts/rules.ts'

/** Every fault of a transport stream, errors and warnings; empty when it is clean. */
export const checkTs = (bytes: Uint8Array): Fault[] => {
  const checker = new TsChecker()
  checker.push(bytes)
  checker.finish()
  return checker.log.faults.filter((fault) => fault.severity !== 'note')
}

if (isMain(import.meta.url)) {
  let faulty = false
  for (const path of argv.slice(2)) {
    const checker = new TsChecker()
    checker.push(readFileSync(path))
    checker.finish()
    for (const line of formatFaults(checker.log.faults, checker.log.counts))
      console.log(`${path}: ${line}`)
    if (checker.log.count('error') + checker.log.count('warning') > 0) faulty = true
  }
  process.exitCode = faulty ? 1 : 0
}
