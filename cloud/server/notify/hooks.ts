import { randomUUID } from 'node:crypto'
import { asc, eq } from 'drizzle-orm'
import type { SqlDatabase } from '../store/index/sql.ts'
import { randomToken } from '../tokens.ts'
import { type Rule, ruleSchema } from './rule.ts'
import { hooks } from './tables.ts'

export const HOOK_KINDS = ['webhook', 'email', 'push'] as const
export type HookKind = (typeof HOOK_KINDS)[number]

export type Hook = {
  id: string
  kind: HookKind
  name: string
  target: string
  secret: string
  rule: Rule
  enabled: boolean
  accountId: number | null
  createdMs: number
}

export type HookChange = Partial<Pick<Hook, 'name' | 'target' | 'rule' | 'enabled'>>

type Row = typeof hooks.$inferSelect

const fromRow = (row: Row): Hook => ({
  ...row,
  kind: row.kind as HookKind,
  rule: ruleSchema.parse(JSON.parse(row.rule)),
})

/** Where news goes, and the rule for each. They are few and asked for with every event, so they are remembered. */
export class Hooks {
  #known: { hooks: Hook[]; untilMs: number } | undefined

  constructor(
    private readonly db: SqlDatabase,
    private readonly now: () => number,
  ) {}

  async list(): Promise<Hook[]> {
    return (await this.db.select().from(hooks).orderBy(asc(hooks.createdMs))).map(fromRow)
  }

  /** As they were at most a moment ago: another instance may have changed them. */
  async remembered(): Promise<Hook[]> {
    const nowMs = this.now()
    if (!this.#known || this.#known.untilMs <= nowMs)
      this.#known = { hooks: await this.list(), untilMs: nowMs + 3000 }
    return this.#known.hooks
  }

  async get(id: string): Promise<Hook | undefined> {
    const [row] = await this.db.select().from(hooks).where(eq(hooks.id, id))
    return row && fromRow(row)
  }

  async create(
    given: Pick<Hook, 'kind' | 'name' | 'target' | 'rule' | 'accountId'>,
  ): Promise<Hook> {
    const hook: Hook = {
      ...given,
      id: randomUUID(),
      secret: randomToken(),
      enabled: true,
      createdMs: this.now(),
    }
    await this.db.insert(hooks).values({ ...hook, rule: JSON.stringify(hook.rule) })
    this.#known = undefined
    return hook
  }

  async change(id: string, { rule, ...change }: HookChange): Promise<void> {
    const set = { ...change, ...(rule && { rule: JSON.stringify(rule) }) }
    if (Object.keys(set).length > 0) await this.db.update(hooks).set(set).where(eq(hooks.id, id))
    this.#known = undefined
  }

  /** With its deliveries. */
  async delete(id: string): Promise<void> {
    await this.db.delete(hooks).where(eq(hooks.id, id))
    this.#known = undefined
  }
}
