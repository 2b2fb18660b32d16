import { numbersIn } from './marked-frames.ts'
import type { SimResult } from './sim-run.ts'

/** A picture lies this close to the interval that accounts for it: labels are whole milliseconds, and an interval ends with its last picture's start or end. */
const TOLERANCE_MS = 2000
const SHOWN = 12

export type Account = {
  pushed: number
  arrived: number
  /** missing, and told of by the ledger */
  accounted: number
  faults: string[]
}

/** Every picture that was pushed is at the cloud, once, or the ledger has an interval for it. */
export const accountFor = ({ cloud, pushed, losses, unsettled }: SimResult): Account => {
  const faults = [...cloud.faults]
  if (unsettled !== '') faults.push(unsettled)
  const seen = new Map<number, string>()
  for (const [id, { start, bytes }] of cloud.slices)
    for (const number of numbersIn(start.format, bytes)) {
      const other = seen.get(number)
      if (other !== undefined) faults.push(`picture ${number} is in ${other} and in ${id}`)
      seen.set(number, id)
    }
  let accounted = 0
  const unexplained: string[] = []
  for (const { number, wallMs, labelMs, code } of pushed) {
    if (seen.has(number)) continue
    const isTold = losses.some(({ startMs, endMs }) =>
      [wallMs, labelMs].some((ms) => ms >= startMs - TOLERANCE_MS && ms <= endMs + TOLERANCE_MS),
    )
    if (isTold) accounted++
    else unexplained.push(`picture ${number} of ${new Date(wallMs).toISOString()} (code ${code})`)
  }
  if (unexplained.length > 0)
    faults.push(
      `${unexplained.length} pictures are missing and nobody says why: ${unexplained.slice(0, SHOWN).join(', ')}`,
    )
  return { pushed: pushed.length, arrived: seen.size, accounted, faults }
}
