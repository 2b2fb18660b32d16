import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Metrics } from '../../../runtime/metrics/metrics.ts'
import type { MetricFamily } from '../../../runtime/metrics/openmetrics.ts'
import { readOpenMetrics } from '../../support/openmetrics.ts'

const counter = (name: string, ...values: [labels: Record<string, string>, value: number][]) =>
  ({
    name,
    type: 'counter',
    help: `Counts ${name}.`,
    samples: () => values.map(([labels, value]) => ({ labels, value })),
  }) satisfies MetricFamily

test('families as text: type, unit, help, samples, end', () => {
  const metrics = new Metrics()
  metrics.add(
    counter('a', [{ channel: '0' }, 3], [{ channel: '1', kind: 'video' }, 4.5]),
    {
      name: 'b_bytes',
      type: 'gauge',
      unit: 'bytes',
      help: 'Has "quotes", a \\ and\na line feed.',
      samples: () => [{ value: Number.POSITIVE_INFINITY }],
    },
    {
      name: 'c',
      type: 'info',
      help: 'A version.',
      samples: () => [{ labels: { version: '1 "x" \\ \n' }, value: 1 }],
    },
    {
      name: 'd_seconds',
      type: 'histogram',
      unit: 'seconds',
      help: 'Times.',
      samples: () => [{ labels: { x: 'y' }, bounds: [0.1, 1], counts: [1, 2, 3], sum: 7.5 }],
    },
  )
  assert.equal(
    metrics.text(),
    [
      '# TYPE a counter',
      '# HELP a Counts a.',
      'a_total{channel="0"} 3',
      'a_total{channel="1",kind="video"} 4.5',
      '# TYPE b_bytes gauge',
      '# UNIT b_bytes bytes',
      '# HELP b_bytes Has \\"quotes\\", a \\\\ and\\na line feed.',
      'b_bytes +Inf',
      '# TYPE c info',
      '# HELP c A version.',
      'c_info{version="1 \\"x\\" \\\\ \\n"} 1',
      '# TYPE d_seconds histogram',
      '# UNIT d_seconds seconds',
      '# HELP d_seconds Times.',
      'd_seconds_bucket{x="y",le="0.1"} 1',
      'd_seconds_bucket{x="y",le="1.0"} 3',
      'd_seconds_bucket{x="y",le="+Inf"} 6',
      'd_seconds_count{x="y"} 6',
      'd_seconds_sum{x="y"} 7.5',
      '# EOF',
      '',
    ].join('\n'),
  )
  readOpenMetrics(metrics.text())
})

test('samples of one family from several parts stand together; what is taken back is gone', () => {
  const metrics = new Metrics()
  metrics.add(counter('losses', [{ cause: 'network' }, 1]))
  metrics.add(counter('other', [{}, 1]))
  const remove = metrics.add(counter('losses', [{ cause: 'policy' }, 2]))
  assert.deepEqual(
    readOpenMetrics(metrics.text()).map(({ name, samples }) => [name, samples.length]),
    [
      ['losses', 2],
      ['other', 1],
    ],
  )
  remove()
  assert.equal(readOpenMetrics(metrics.text())[0]!.samples.length, 1)
})

test('a family without samples is left out, and nothing at all is still a text', () => {
  const metrics = new Metrics()
  metrics.add(counter('a'))
  assert.equal(metrics.text(), '# EOF\n')
})

/** What the reader of the tests must refuse: a check that cannot fail checks nothing. */
const BROKEN: readonly [why: string, text: string][] = [
  ['no end', '# TYPE a counter\n# HELP a x\na_total 1\n'],
  ['a line behind the end', '# EOF\n# EOF\n'],
  ['a counter without _total', '# TYPE a counter\n# HELP a x\na 1\n# EOF\n'],
  ['a family named _total', '# TYPE a_total counter\n# HELP a_total x\na_total_total 1\n# EOF\n'],
  [
    'a unit that the name does not end with',
    '# TYPE a gauge\n# UNIT a bytes\n# HELP a x\na 1\n# EOF\n',
  ],
  ['no help', '# TYPE a gauge\na 1\n# EOF\n'],
  ['help behind samples', '# TYPE a gauge\na 1\n# HELP a x\n# EOF\n'],
  [
    'families that interleave',
    '# TYPE a gauge\n# HELP a x\na 1\n# TYPE b gauge\n# HELP b x\nb 1\n# TYPE a gauge\n# EOF\n',
  ],
  ['the same series twice', '# TYPE a gauge\n# HELP a x\na{x="1"} 1\na{x="1"} 2\n# EOF\n'],
  ['an open quote', '# TYPE a gauge\n# HELP a x\na{x="1} 1\n# EOF\n'],
  ['a value that is no number', '# TYPE a gauge\n# HELP a x\na undefined\n# EOF\n'],
  ['a counter below 0', '# TYPE a counter\n# HELP a x\na_total -1\n# EOF\n'],
  [
    'buckets that descend',
    '# TYPE a histogram\n# HELP a x\na_bucket{le="1.0"} 2\na_bucket{le="+Inf"} 1\na_count 1\na_sum 1\n# EOF\n',
  ],
  [
    'a histogram without +Inf',
    '# TYPE a histogram\n# HELP a x\na_bucket{le="1.0"} 2\na_count 2\na_sum 1\n# EOF\n',
  ],
  ['an empty line', '\n# EOF\n'],
]
for (const [why, text] of BROKEN)
  test(`refused: ${why}`, () => assert.throws(() => readOpenMetrics(text)))
