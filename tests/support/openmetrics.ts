/**
 * A strict reader of the OpenMetrics text format, for tests. It knows only what the standard says, nothing of who wrote the text.
 * Spec: OpenMetrics 1.0.0, "ABNF", "Overall Structure", "MetricFamily", "Metric types".
 */

export type ReadFamily = {
  name: string
  type: string
  unit: string
  help: string
  samples: { name: string; labels: Map<string, string>; value: number }[]
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const METADATA = /^# (TYPE|UNIT|HELP) (\S+)(?: (.*))?$/
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/
const NUMBER = /^(?:[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|[+-]Inf|NaN)$/
/** suffixes that the samples of a type may have */
const SUFFIXES: Record<string, readonly string[]> = {
  counter: ['_total', '_created'],
  gauge: [''],
  info: ['_info'],
  histogram: ['_bucket', '_count', '_sum', '_created'],
}

/** @throws Error naming the line that breaks the format */
export const readOpenMetrics = (text: string): ReadFamily[] => {
  if (!text.endsWith('\n# EOF\n') && text !== '# EOF\n')
    throw new Error('does not end with "# EOF" and a line feed')
  if (text.includes('\r')) throw new Error('carriage return')
  const lines = text.slice(0, -1).split('\n')
  const families: ReadFamily[] = []
  const seen = new Set<string>()
  const series = new Set<string>()
  let current: ReadFamily | undefined
  for (const [at, line] of lines.entries()) {
    const fail = (why: string): never => {
      throw new Error(`line ${at + 1}: ${why}: ${line}`)
    }
    if (line === '# EOF') {
      if (at !== lines.length - 1) fail('something follows')
      break
    }
    const metadata = METADATA.exec(line)
    if (metadata) {
      const [, keyword, name, rest = ''] = metadata
      if (!NAME.test(name!)) fail('not a name')
      if (current?.name !== name) {
        if (seen.has(name!)) fail('the family was before: families must not interleave')
        seen.add(name!)
        current = { name: name!, type: '', unit: '', help: '', samples: [] }
        families.push(current)
      }
      if (current!.samples.length > 0) fail('metadata behind samples')
      const key = keyword!.toLowerCase() as 'type' | 'unit' | 'help'
      if (current![key] !== '') fail('twice')
      if (key === 'type' && !(rest in SUFFIXES)) fail('unknown type')
      if (key === 'unit' && !name!.endsWith(`_${rest}`)) fail('the name does not end with the unit')
      if (key === 'help' && !/^(?:[^\\]|\\[\\n"])*$/.test(rest)) fail('bad escape')
      current![key] = rest
      continue
    }
    const sample = SAMPLE.exec(line) ?? fail('neither metadata nor a sample')
    const [, name, labelText = '', value] = sample
    const family = current ?? fail('a sample without a family')
    const suffix = name!.slice(family.name.length)
    if (!name!.startsWith(family.name) || !SUFFIXES[family.type]?.includes(suffix))
      fail(`not a sample of ${family.type} ${family.name}`)
    if (!NUMBER.test(value!)) fail('not a number')
    const labels = new Map<string, string>()
    for (let rest = labelText; rest !== ''; ) {
      const label = LABEL.exec(rest) ?? fail('bad labels')
      if (labels.has(label[1]!)) fail('a label twice')
      labels.set(label[1]!, label[2]!)
      rest = rest.slice(label[0].length)
      if (rest === '' && label[0].endsWith(',')) fail('a comma at the end')
    }
    const identity = `${name} ${[...labels].map(([key, text]) => `${key}=${text}`).sort()}`
    if (series.has(identity)) fail('the same series twice')
    series.add(identity)
    const number = Number(value!.replace('Inf', 'Infinity'))
    if (family.type === 'counter' && !(number >= 0)) fail('a counter below 0')
    if (suffix === '_bucket' && !labels.has('le')) fail('a bucket without le')
    family.samples.push({ name: name!, labels, value: number })
  }
  for (const family of families) checkFamily(family)
  return families
}

const checkFamily = (family: ReadFamily): void => {
  const { name, type, help, samples } = family
  if (type === '' || help === '') throw new Error(`${name} lacks TYPE or HELP`)
  if (type === 'counter' && name.endsWith('_total'))
    throw new Error(`${name}: the family has no _total`)
  if (type === 'histogram') checkHistogram(family)
  for (const label of ['le', 'quantile'])
    if (type !== 'histogram' && samples.some(({ labels }) => labels.has(label)))
      throw new Error(`${name}: ${label} is for histograms and summaries`)
}

/** Buckets ascend, in bounds and in counts; the last is +Inf and equals the count. */
const checkHistogram = ({ name, samples }: ReadFamily): void => {
  let bound = Number.NEGATIVE_INFINITY
  let count = 0
  for (const sample of samples)
    if (sample.name.endsWith('_bucket')) {
      const le = Number(sample.labels.get('le')!.replace('Inf', 'Infinity'))
      if (le <= bound || sample.value < count) throw new Error(`${name}: buckets do not ascend`)
      bound = le
      count = sample.value
    } else if (sample.name.endsWith('_count')) {
      if (bound !== Number.POSITIVE_INFINITY) throw new Error(`${name}: no bucket +Inf`)
      if (sample.value !== count) throw new Error(`${name}: the count is not the last bucket`)
      bound = Number.NEGATIVE_INFINITY
      count = 0
    }
}
