import { type MetricFamily, openMetricsText } from './openmetrics.ts'

/**
 * The figures of a device. Each part names its own; nothing is written down until someone reads, so a figure costs a push no more than the counter it is.
 */
export class Metrics {
  readonly #families = new Map<string, Set<MetricFamily>>()

  /** Adds families, until the returned function is called. Several parts may have samples of one family, with other labels. */
  add(...families: readonly MetricFamily[]): () => void {
    for (const family of families) {
      const same = this.#families.get(family.name)
      if (same) same.add(family)
      else this.#families.set(family.name, new Set([family]))
    }
    return () => {
      for (const family of families) {
        const same = this.#families.get(family.name)
        same?.delete(family)
        if (same?.size === 0) this.#families.delete(family.name)
      }
    }
  }

  /** As OpenMetrics text. */
  text(): string {
    return openMetricsText([...this.#families.values()].map((same) => [...same]))
  }
}
