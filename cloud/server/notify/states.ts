import { eq, ne } from 'drizzle-orm'
import type { SqlDatabase } from '../store/index/sql.ts'
import { states } from './tables.ts'

/** Small facts that all instances share. */
export class States {
  constructor(
    private readonly db: SqlDatabase,
    private readonly now: () => number,
  ) {}

  async get(name: string): Promise<string | undefined> {
    return (await this.db.select().from(states).where(eq(states.name, name)))[0]?.value
  }

  async all(): Promise<Map<string, string>> {
    const rows = await this.db.select().from(states)
    return new Map(rows.map(({ name, value }) => [name, value]))
  }

  /** True for the one caller that has changed it. */
  async change(name: string, value: string): Promise<boolean> {
    const changedMs = this.now()
    const rows = await this.db
      .insert(states)
      .values({ name, value, changedMs })
      .onConflictDoUpdate({
        target: states.name,
        set: { value, changedMs },
        setWhere: ne(states.value, value),
      })
      .returning({ name: states.name })
    return rows.length > 0
  }

  /** The value that was there first. */
  async once(name: string, make: () => string): Promise<string> {
    const known = await this.get(name)
    if (known !== undefined) return known
    await this.db
      .insert(states)
      .values({ name, value: make(), changedMs: this.now() })
      .onConflictDoNothing()
    return (await this.get(name))!
  }
}
