import { readFileSync } from 'node:fs'
import { argv } from 'node:process'
import { type Fault, formatFaults } from './check/fault-log.ts'
import { isMain } from './cli/main-module.ts'
import { Mp4Checker } from './mp4/checker.ts'

export { MP4_RULES } from './mp4/rules.ts'

/** Every fault of a fragmented MP4 file, errors and warnings; empty when it is clean. */
export const checkMp4 = (bytes: Uint8Array): Fault[] => {
  const checker = new Mp4Checker()
  checker.push(bytes)
  checker.finish()
  return checker.log.faults.filter((fault) => fault.severity !== 'note')
}

if (isMain(import.meta.url)) {
  let faulty = false
  for (const path of argv.slice(2)) {
    const checker = new Mp4Checker()
    checker.push(readFileSync(path))
    checker.finish()
    for (const line of formatFaults(checker.log.faults, checker.log.counts))
      console.log(`${path}: ${line}`)
    if (checker.log.count('error') + checker.log.count('warning') > 0) faulty = true
  }
  process.exitCode = faulty ? 1 : 0
}
