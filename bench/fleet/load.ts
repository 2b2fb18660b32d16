/** The cameras, in a process of their own: told what to do by one line of JSON, tells what came of it by another. */
import { argv, stdout } from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { Camera, PutSender, type Sender } from './camera.ts'
import { CHUNK_BYTES } from './chunks.ts'
import { type CloudAddress, fetchGrants } from './grants.ts'
import { quantile } from './quantile.ts'

export type LoadTask = {
  cameras: number
  seconds: number
  warmUpSeconds: number
  /** `paced`: a chunk a second and camera; `flood`: the next one as soon as the last one is acknowledged */
  pace: 'paced' | 'flood'
  target: { kind: 'cloud'; address: CloudAddress; isHmac: boolean } | { kind: 'put'; url: string }
}

export type LoadResult = {
  chunks: number
  bytesPerSecond: number
  /** chunks that were not acknowledged within 2 s of their last picture, those that never were among them */
  late: number
  errors: string[]
  ackMs: { p50: number; p95: number; p99: number; max: number }
}

const LATE_MS = 2000
const TICK_MS = 5
const ERRORS_SHOWN = 5

const say = (line: object) => stdout.write(`${JSON.stringify(line)}\n`)

const openSenders = async ({ cameras, target }: LoadTask) => {
  if (target.kind === 'put') {
    const url = new URL(target.url)
    const senders = await Promise.all(
      Array.from({ length: cameras }, (_, at) => new PutSender(url, `cam${at}`).open()),
    )
    return { senders, close: async () => {} }
  }
  const { grants, close } = await fetchGrants(target.address, cameras, target.isHmac)
  return { senders: await Promise.all(grants.map((grant) => new Camera(grant).open())), close }
}

const run = async (task: LoadTask): Promise<LoadResult> => {
  const { senders, close } = await openSenders(task)
  const errors: string[] = []
  const ackMs: number[] = []
  let isMeasured = false
  let isOver = false
  let late = 0

  const one = async (sender: Sender, dueMs: number): Promise<boolean> => {
    try {
      await sender.send(dueMs)
      const tookMs = performance.timeOrigin + performance.now() - dueMs
      if (isMeasured) ackMs.push(tookMs)
      return true
    } catch (error) {
      if (!isOver) errors.push(String(error))
      return false
    }
  }
  const now = () => performance.timeOrigin + performance.now()

  /** Chunks become due whether the one before is acknowledged or not. */
  const paced = (sender: Sender) => {
    const due: number[] = []
    let isSending = false
    const drain = async () => {
      isSending = true
      for (let next = due.shift(); next !== undefined; next = due.shift())
        if (!(await one(sender, next))) break
      isSending = false
    }
    return {
      due,
      add: (dueMs: number) => {
        due.push(dueMs)
        if (!isSending) void drain()
      },
    }
  }

  let queues: ReturnType<typeof paced>[] = []
  let ticker: NodeJS.Timeout | undefined
  if (task.pace === 'flood')
    for (const sender of senders)
      void (async () => {
        while (!isOver && (await one(sender, now())));
      })()
  else {
    queues = senders.map(paced)
    const startMs = now()
    // spread evenly over the second, and the first ones over the ramp
    const nextMs = senders.map((_, at) => startMs + 1000 + (at / senders.length) * 5000)
    ticker = setInterval(() => {
      const nowMs = now()
      for (let at = 0; at < nextMs.length; at++)
        while (nextMs[at]! <= nowMs) {
          queues[at]!.add(nextMs[at]!)
          nextMs[at]! += 1000
        }
    }, TICK_MS)
  }

  await sleep(task.warmUpSeconds * 1000)
  say({ measuring: true })
  isMeasured = true
  const fromMs = performance.now()
  await sleep(task.seconds * 1000)
  const tookS = (performance.now() - fromMs) / 1000
  isMeasured = false
  clearInterval(ticker)
  say({ measured: true })
  late = ackMs.filter((ms) => ms > LATE_MS).length
  // what waits at the end and is over its time is late too
  const overMs = now()
  for (const { due } of queues) late += due.filter((dueMs) => overMs - dueMs > LATE_MS).length
  isOver = true
  for (const sender of senders) sender.close()
  await close()
  ackMs.sort((a, b) => a - b)
  const at = (q: number) => Math.round(quantile(ackMs, q) * 10) / 10
  return {
    chunks: ackMs.length,
    bytesPerSecond: Math.round((ackMs.length * CHUNK_BYTES) / tookS),
    late,
    errors: errors.slice(0, ERRORS_SHOWN),
    ackMs: { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) },
  }
}

say({ result: await run(JSON.parse(argv[2]!) as LoadTask) })
process.exit(0)
