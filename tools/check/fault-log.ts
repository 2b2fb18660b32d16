/** error: a reader may fail on it. warning: allowed, but players are known to mind. note: short of a goal. */
export type Severity = 'error' | 'warning' | 'note'

export type Rule = { severity: Severity; clause: string; text: string }

export type Fault = {
  rule: string
  severity: Severity
  clause: string
  /** where in the file, in bytes */
  offset: number
  message: string
}

/** Faults kept per rule: a broken file of any size must not fill the memory. All are counted. */
const KEPT_PER_RULE = 20

/** Collects what the checks find. `Id` is the union of rule ids, so a misspelt one does not compile. */
export class FaultLog<Id extends string> {
  readonly #rules: Readonly<Record<Id, Rule>>
  readonly #counts = new Map<Id, number>()
  readonly faults: Fault[] = []

  constructor(rules: Readonly<Record<Id, Rule>>) {
    this.#rules = rules
  }

  report(id: Id, offset: number, message: string): void {
    const count = (this.#counts.get(id) ?? 0) + 1
    this.#counts.set(id, count)
    if (count > KEPT_PER_RULE) return
    const { severity, clause } = this.#rules[id]
    this.faults.push({ rule: id, severity, clause, offset, message })
  }

  /** Reports unless `ok`; returns `ok`. */
  expect(ok: boolean, id: Id, offset: number, message: string): boolean {
    if (!ok) this.report(id, offset, message)
    return ok
  }

  /** How often each broken rule was broken. */
  get counts(): Record<string, number> {
    return Object.fromEntries(this.#counts)
  }

  count(severity: Severity): number {
    let total = 0
    for (const [id, count] of this.#counts)
      if (this.#rules[id].severity === severity) total += count
    return total
  }
}

/** One line per kept fault, and one per rule that has more. */
export const formatFaults = (
  faults: readonly Fault[],
  counts: Record<string, number>,
): string[] => {
  const lines = faults.map(
    (fault) =>
      `${fault.severity} ${fault.rule} at ${fault.offset}: ${fault.message} [${fault.clause}]`,
  )
  for (const [rule, count] of Object.entries(counts))
    if (count > KEPT_PER_RULE) lines.push(`${rule}: ${count - KEPT_PER_RULE} more`)
  return lines
}
