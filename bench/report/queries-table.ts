import type { QueriesResult } from '../queries.bench.ts'
import { machineLine } from './machine-line.ts'

export const queriesMarkdown = ({ machine, runs }: QueriesResult): string => {
  const rows = runs.map(
    ({ engine, rows, query, p50, p95, max, answerBytes }) =>
      `| ${engine} | ${rows.toLocaleString('en')} | ${query} | ${p50} | ${p95} | ${max} | ${answerBytes.toLocaleString('en')} |`,
  )
  const times = [...new Set(runs.map(({ engine, generatedS }) => `${engine} in ${generatedS} s`))]
  return [
    machineLine(machine),
    '',
    `Over HTTP, one request after the other, each of a random camera and time; ms. The rows were made by generate_series: ${times.join(', ')}.`,
    '',
    '| index | slices | question | p50 | p95 | max | bytes of an answer |',
    '|---|--:|---|--:|--:|--:|--:|',
    ...rows,
  ].join('\n')
}
