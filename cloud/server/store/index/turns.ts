/** How long queries may follow one another before what else waits (requests, timers) has its turn. */
const TURN_MS = 10

/**
 * An engine that runs in this thread answers before the event loop turns: hundreds of queries that wait for each other would be
 * one long stop for everything else. This runs them one after the other, as the engine does, with a turn of the loop in between.
 */
export const takeTurns = () => {
  /** when the first query of this turn of the loop began */
  let sinceMs: number | undefined
  let last: Promise<unknown> = Promise.resolve()

  const begin = async (): Promise<void> => {
    if (sinceMs !== undefined && performance.now() - sinceMs > TURN_MS)
      await new Promise((resolve) => setImmediate(resolve))
    if (sinceMs !== undefined) return
    sinceMs = performance.now()
    setImmediate(() => {
      sinceMs = undefined
    })
  }

  return <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(begin).then(work)
    last = mine.catch(() => {})
    return mine
  }
}
