/** `bun tests/faults/soak.ts HOURS NAME`: one line of JSON about a camera that lived through so many simulated hours on a line of this name. */
import { DAYS, liveThrough } from './support/day.ts'

const [hours = '24', name = Object.keys(DAYS)[0]!] = process.argv.slice(2)
if (!(name in DAYS)) throw new Error(`no line ${name}; there are ${Object.keys(DAYS).join(', ')}`)
const report = await liveThrough(name, Number(hours))
process.stdout.write(`${JSON.stringify(report)}\n`)
// a timer or a socket that is left would keep the process: it ends by itself
