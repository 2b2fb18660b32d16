/** The text format of OpenMetrics. Spec: OpenMetrics 1.0.0, "Text Format". */

export const OPENMETRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

export type Labels = Readonly<Record<string, string>>

export type Sample = {
  labels?: Labels
  value: number
}

export type HistogramSample = {
  labels?: Labels
  /** upper bounds, ascending, without the last, which is +Inf */
  bounds: readonly number[]
  /** how many were in each, one more than there are bounds */
  counts: ArrayLike<number>
  sum: number
}

type Head = {
  /** without `_total`; with the unit at its end when it has one */
  name: string
  unit?: string
  help: string
}

/** One family: what it is, and what it is now. Samples are read when someone asks, so that counting costs nothing but itself. */
export type MetricFamily =
  | (Head & { type: 'counter' | 'gauge' | 'info'; samples(): Iterable<Sample> })
  | (Head & { type: 'histogram'; samples(): Iterable<HistogramSample> })

/** All families as text, those of one name together. One without samples is left out. */
export const openMetricsText = (families: Iterable<readonly MetricFamily[]>): string => {
  let text = ''
  for (const same of families) {
    let lines = ''
    for (const family of same)
      lines += family.type === 'histogram' ? histogramLines(family) : valueLines(family)
    if (lines !== '') text += headOf(same[0]!) + lines
  }
  return `${text}# EOF\n`
}

const headOf = ({ name, type, unit, help }: MetricFamily): string =>
  `# TYPE ${name} ${type}\n${unit === undefined ? '' : `# UNIT ${name} ${unit}\n`}# HELP ${name} ${escaped(help)}\n`

const SUFFIX = { counter: '_total', gauge: '', info: '_info' } as const

const valueLines = (family: Exclude<MetricFamily, { type: 'histogram' }>): string => {
  let lines = ''
  for (const { labels, value } of family.samples())
    lines += `${family.name}${SUFFIX[family.type]}${labelText(labels)} ${numberText(value)}\n`
  return lines
}

/** Buckets count everything up to their bound. */
const histogramLines = ({
  name,
  samples,
}: Extract<MetricFamily, { type: 'histogram' }>): string => {
  let lines = ''
  for (const { labels, bounds, counts, sum } of samples()) {
    let count = 0
    for (let at = 0; at <= bounds.length; at++) {
      count += counts[at]!
      const le = at < bounds.length ? boundText(bounds[at]!) : '+Inf'
      lines += `${name}_bucket${labelText({ ...labels, le })} ${count}\n`
    }
    lines += `${name}_count${labelText(labels)} ${count}\n${name}_sum${labelText(labels)} ${numberText(sum)}\n`
  }
  return lines
}

const labelText = (labels: Labels | undefined): string => {
  if (labels === undefined) return ''
  const entries = Object.entries(labels)
  return entries.length === 0
    ? ''
    : `{${entries.map(([name, value]) => `${name}="${escaped(value)}"`).join(',')}}`
}

const ESCAPES: Record<string, string> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' }
const escaped = (text: string): string => text.replace(/[\\"\n]/g, (found) => ESCAPES[found]!)

const numberText = (value: number): string => {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  return String(value)
}

/** Bounds are floats, so that they read the same wherever they come from: 1.0, not 1. */
const boundText = (bound: number): string =>
  Number.isInteger(bound) ? `${bound}.0` : String(bound)
