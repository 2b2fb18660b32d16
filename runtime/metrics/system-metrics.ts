import { socketCounts } from '../upload/http.ts'
import { LANES, type Lane, type LaneStats, type Scheduler } from '../upload/scheduler.ts'
import type { MetricFamily, Sample } from './openmetrics.ts'

/** What is known of a device, read at once. */
export type SystemStats = {
  /** connected to the cloud's broker */
  online: boolean
  /** connections to the broker that came about since the start */
  connections: number
  /** what uploads get of the line, bytes per second; 0 before the first measurement */
  lineBytesPerS: number
  /** by lane: live video, reports, pictures, backfill */
  lanes: Record<Lane, LaneStats>
  /** of a metered line, today in UTC */
  budget?: { limitBytes: number; usedBytes: number }
  /** HTTP connections of this process */
  sockets: { open: number; opened: number }
}

export type SystemFigures = {
  version: string
  scheduler: Scheduler
  isOnline(): boolean
  connections(): number
}

export const systemStatsOf = ({ scheduler, ...figures }: SystemFigures): SystemStats => {
  const { budget } = scheduler
  const lanes = Object.fromEntries(LANES.map((lane) => [lane, scheduler.stats(lane)]))
  return {
    online: figures.isOnline(),
    connections: figures.connections(),
    lineBytesPerS: scheduler.bytesPerS,
    lanes: lanes as Record<Lane, LaneStats>,
    ...(budget && {
      budget: { limitBytes: budget.limitBytes, usedBytes: budget.usedBytes },
    }),
    sockets: { ...socketCounts },
  }
}

export const systemFamilies = (figures: SystemFigures): MetricFamily[] => {
  const { scheduler } = figures
  const one = (value: number): Sample[] => [{ value }]
  const byLane = (figure: (stats: LaneStats) => number) => (): Sample[] =>
    LANES.map((lane) => ({ labels: { lane }, value: figure(scheduler.stats(lane)) }))
  return [
    {
      name: 'skyrill_build',
      type: 'info',
      help: 'Version of the runtime.',
      samples: () => [{ labels: { version: figures.version }, value: 1 }],
    },
    {
      name: 'skyrill_online',
      type: 'gauge',
      help: "1 while connected to the cloud's broker.",
      samples: () => one(figures.isOnline() ? 1 : 0),
    },
    {
      name: 'skyrill_broker_connections',
      type: 'counter',
      help: 'Connections to the broker that came about.',
      samples: () => one(figures.connections()),
    },
    {
      name: 'skyrill_line_bytes_per_second',
      type: 'gauge',
      unit: 'bytes_per_second',
      help: 'Measured: what uploads get of the line while they are under way.',
      samples: () => one(scheduler.bytesPerS),
    },
    {
      name: 'skyrill_lane_sent_bytes',
      type: 'counter',
      unit: 'bytes',
      help: 'Sent by lane, acknowledged or not.',
      samples: byLane((stats) => stats.sentBytes),
    },
    {
      name: 'skyrill_lane_failures',
      type: 'counter',
      help: 'Requests that failed, by lane.',
      samples: byLane((stats) => stats.failed),
    },
    {
      name: 'skyrill_lane_waiting',
      type: 'gauge',
      help: 'Requests that wait for their turn, by lane.',
      samples: byLane((stats) => stats.waiting),
    },
    {
      name: 'skyrill_lane_under_way',
      type: 'gauge',
      help: 'Requests under way, by lane.',
      samples: byLane((stats) => stats.underWay),
    },
    {
      name: 'skyrill_budget_limit_bytes',
      type: 'gauge',
      unit: 'bytes',
      help: 'What a metered line may carry in a day.',
      samples: () => (scheduler.budget ? one(scheduler.budget.limitBytes) : []),
    },
    {
      name: 'skyrill_budget_used_bytes',
      type: 'gauge',
      unit: 'bytes',
      help: 'What a metered line has carried today, UTC.',
      samples: () => (scheduler.budget ? one(scheduler.budget.usedBytes) : []),
    },
    {
      name: 'skyrill_sockets_open',
      type: 'gauge',
      help: 'HTTP connections of this process that are open.',
      samples: () => one(socketCounts.open),
    },
    {
      name: 'skyrill_sockets_opened',
      type: 'counter',
      help: 'HTTP connections that this process has opened.',
      samples: () => one(socketCounts.opened),
    },
  ]
}
