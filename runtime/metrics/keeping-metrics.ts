import { LOSS_CAUSES, type Loss } from '../mqtt/messages.ts'
import type { SpoolStatus } from '../spool/spool.ts'
import type { MetricFamily, Sample } from './openmetrics.ts'

/** What is kept besides the rings: the spool, and the ledger of what is missing. */
export type Keeping = {
  channels(): Iterable<number>
  losses(channel: number): readonly Loss[]
  /** undefined when there is no spool */
  spool(): SpoolStatus | undefined
  /** since the start of the program */
  clockSteps(): number
}

/** The ledger's entries can be withdrawn when what was missing comes after all, so their figures are gauges. */
export const keepingFamilies = (keeping: Keeping): MetricFamily[] => {
  const byCause = (figure: (losses: readonly Loss[]) => number) =>
    function* (): Generator<Sample> {
      for (const channel of keeping.channels()) {
        const losses = keeping.losses(channel)
        for (const cause of LOSS_CAUSES)
          yield {
            labels: { channel: String(channel), cause },
            value: figure(losses.filter((loss) => loss.cause === cause)),
          }
      }
    }
  const ofSpool = (figure: (status: SpoolStatus) => number) => (): Sample[] => {
    const status = keeping.spool()
    return status ? [{ value: figure(status) }] : []
  }
  const sum = (losses: readonly Loss[], figure: (loss: Loss) => number): number =>
    losses.reduce((total, loss) => total + figure(loss), 0)
  return [
    {
      name: 'skyrill_losses',
      type: 'gauge',
      help: 'Intervals that are missing, as the ledger has them, by cause.',
      samples: byCause((losses) => losses.length),
    },
    {
      name: 'skyrill_lost_bytes',
      type: 'gauge',
      unit: 'bytes',
      help: 'Bytes that are missing, as far as they are known, by cause.',
      samples: byCause((losses) => sum(losses, ({ bytes }) => bytes)),
    },
    {
      name: 'skyrill_lost_seconds',
      type: 'gauge',
      unit: 'seconds',
      help: 'Time that is missing, by cause.',
      samples: byCause((losses) => sum(losses, ({ startMs, endMs }) => (endMs - startMs) / 1000)),
    },
    {
      name: 'skyrill_spool_slices',
      type: 'gauge',
      help: 'Slices in the spool.',
      samples: ofSpool(({ slices }) => slices),
    },
    {
      name: 'skyrill_spool_bytes',
      type: 'gauge',
      unit: 'bytes',
      help: 'Bytes in the spool.',
      samples: ofSpool(({ bytes }) => bytes),
    },
    {
      name: 'skyrill_spool_limit_bytes',
      type: 'gauge',
      unit: 'bytes',
      help: 'What the spool may hold.',
      samples: ofSpool(({ maxBytes }) => maxBytes),
    },
    {
      name: 'skyrill_spool_failing',
      type: 'gauge',
      help: '1 while the disk of the spool does not take what is written.',
      samples: ofSpool(({ fault }) => (fault ? 1 : 0)),
    },
    {
      name: 'skyrill_clock_steps',
      type: 'counter',
      help: 'Steps of the wall clock since the start of the program.',
      samples: () => [{ value: keeping.clockSteps() }],
    },
  ]
}
