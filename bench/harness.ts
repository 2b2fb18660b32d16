/** One measured figure, as `--json` prints it. */
export type BenchCase = {
  name: string
  row: string
  engine: string
  runtime: string
  bytesPerSecond: number
  nsPerFrame: number
  /** bytes that the container adds to the clip; 0 where nothing is written */
  overheadBytes: number
}

export type BenchResult = { cases: BenchCase[]; machine: Machine; [more: string]: unknown }

export type Machine = {
  cpu: string
  cores: number
  memoryGiB: number
  os: string
  date: string
  runtimes: Record<string, string>
}

/** What a contender did in one batch. */
export type Batch = { ns: number; frames: number; bytes: number }

/** One contender, ready to run: everything that is not to be measured has been done. */
export type Contender = {
  engine: string
  overheadBytes: number
  batch(): Batch | Promise<Batch>
  close?(): void
}

/** Short enough to fit into one turn of the scheduler on a machine that has other work too. */
export const BATCH_MS = 6
export const ROUNDS = 31

/** Result of work that nobody looks at could be optimised away; this is looked at. */
let sink = 0
export const consume = (value: number): void => {
  sink = (sink + value) | 0
}
export const consumed = (): number => sink

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/**
 * Runs contenders in turn, batch by batch, so that a change of the machine's speed meets all of them; takes the median.
 * The first round of each is thrown away: it compiles and warms up.
 */
export const interleave = async (
  name: string,
  row: string,
  runtime: string,
  contenders: readonly Contender[],
  rounds = ROUNDS,
): Promise<BenchCase[]> => {
  const nsPerFrame = contenders.map((): number[] => [])
  const nsPerByte = contenders.map((): number[] => [])
  for (let round = 0; round <= rounds; round++)
    for (const [i, contender] of contenders.entries()) {
      const { ns, frames, bytes } = await contender.batch()
      if (round === 0) continue
      nsPerFrame[i]!.push(ns / frames)
      nsPerByte[i]!.push(ns / bytes)
    }
  for (const contender of contenders) contender.close?.()
  return contenders.map(({ engine, overheadBytes }, i) => ({
    name,
    row,
    engine,
    runtime,
    bytesPerSecond: Math.round(1e9 / median(nsPerByte[i]!)),
    nsPerFrame: Number(median(nsPerFrame[i]!).toFixed(1)),
    overheadBytes,
  }))
}

/** Runs `pass` until a batch is long enough to be timed. */
export const timedPasses = (
  pass: () => void,
  framesPerPass: number,
  bytesPerPass: number,
): Batch => {
  let passes = 0
  const start = performance.now()
  let elapsed = 0
  while (elapsed < BATCH_MS) {
    pass()
    passes++
    elapsed = performance.now() - start
  }
  return { ns: elapsed * 1e6, frames: passes * framesPerPass, bytes: passes * bytesPerPass }
}

/** As timedPasses, less the time of as many passes of `part`, a part of `pass` that is not to be counted. */
export const timedDifference = (
  pass: () => void,
  part: () => void,
  framesPerPass: number,
  bytesPerPass: number,
  now: () => number = () => performance.now(),
): Batch => {
  let passes = 0
  let whole = 0
  let off = 0
  // in turns, so that both see the same machine
  while (whole < BATCH_MS) {
    const start = now()
    pass()
    const middle = now()
    part()
    whole += middle - start
    off += now() - middle
    passes++
  }
  return {
    ns: (whole - off) * 1e6,
    frames: passes * framesPerPass,
    bytes: passes * bytesPerPass,
  }
}
