import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Keeping, keepingFamilies } from '../../../runtime/metrics/keeping-metrics.ts'
import { Metrics } from '../../../runtime/metrics/metrics.ts'
import { LOSS_CAUSES, type Loss, type LossCause } from '../../../runtime/mqtt/messages.ts'
import { readOpenMetrics } from '../../support/openmetrics.ts'

const lossOf = (number: number, cause: LossCause, seconds: number, bytes: number): Loss => ({
  id: `0123456789abcdef-${String(number).padStart(8, '0')}`,
  channel: 1,
  startMs: 1_000_000,
  endMs: 1_000_000 + seconds * 1000,
  bytes,
  cause,
})

const read = (given: Partial<Keeping> = {}) => {
  const metrics = new Metrics()
  metrics.add(
    ...keepingFamilies({
      channels: () => [1, 2],
      losses: () => [],
      spool: () => undefined,
      clockSteps: () => 3,
      ...given,
    }),
  )
  const families = readOpenMetrics(metrics.text())
  const value = (name: string, ...labels: [string, string][]) =>
    families
      .flatMap(({ samples }) => samples)
      .find(
        (sample) =>
          sample.name === name && labels.every(([key, text]) => sample.labels.get(key) === text),
      )?.value
  return { families, value }
}

test('losses by channel and cause: how many, how long, how much', () => {
  const { value, families } = read({
    losses: (channel) =>
      channel === 1
        ? [
            lossOf(1, 'network', 10, 1000),
            lossOf(2, 'network', 2.5, 500),
            lossOf(3, 'restart', 60, 0),
          ]
        : [],
  })
  const of = (channel: string, cause: string): [string, string][] => [
    ['channel', channel],
    ['cause', cause],
  ]
  assert.equal(value('skyrill_losses', ...of('1', 'network')), 2)
  assert.equal(value('skyrill_lost_seconds', ...of('1', 'network')), 12.5)
  assert.equal(value('skyrill_lost_bytes', ...of('1', 'network')), 1500)
  assert.equal(value('skyrill_lost_seconds', ...of('1', 'restart')), 60)
  assert.equal(value('skyrill_losses', ...of('2', 'network')), 0)
  const losses = families.find(({ name }) => name === 'skyrill_losses')!
  assert.equal(
    losses.samples.length,
    2 * LOSS_CAUSES.length,
    'every cause has a series from the start',
  )
  assert.equal(value('skyrill_clock_steps_total'), 3)
})

test('a spool has its level, its limit and whether its disk fails; without one there are no samples', () => {
  assert.equal(read().value('skyrill_spool_bytes'), undefined)
  const status = { slices: 4, bytes: 5000, maxBytes: 9000, fault: '' }
  const { value } = read({ spool: () => status })
  assert.equal(value('skyrill_spool_slices'), 4)
  assert.equal(value('skyrill_spool_bytes'), 5000)
  assert.equal(value('skyrill_spool_limit_bytes'), 9000)
  assert.equal(value('skyrill_spool_failing'), 0)
  const failing = read({ spool: () => ({ ...status, fault: 'ENOSPC' }) })
  assert.equal(failing.value('skyrill_spool_failing'), 1)
})
