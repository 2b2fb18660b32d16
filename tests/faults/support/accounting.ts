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
  let arrived = 0
  let accounted = 0
  const unexplained: string[] = []
  for (const [number, wallMs] of pushed.wallMs.entries()) {
    if (Number.isNaN(wallMs)) continue
    if (cloud.arrived[number]! > 0) {
      arrived++
      continue
    }
    const times = [wallMs, pushed.labelMs[number]!]
    const isTold = losses.some(({ startMs, endMs }) =>
      times.some((ms) => ms >= startMs - TOLERANCE_MS && ms <= endMs + TOLERANCE_MS),
    )
    if (isTold) accounted++
    else
      unexplained.push(
        `picture ${number} of ${new Date(wallMs).toISOString()} (code ${pushed.code[number]})`,
      )
  }
  if (unexplained.length > 0)
    faults.push(
      `${unexplained.length} pictures are missing and nobody says why: ${unexplained.slice(0, SHOWN).join(', ')}`,
    )
  return { pushed: pushed.count, arrived, accounted, faults }
}
