import { bigint, boolean, integer, pgTable, serial, text } from 'drizzle-orm/pg-core'

const int8 = (name: string) => bigint(name, { mode: 'number' })

export const hooks = pgTable('hooks', {
  id: text('id').primaryKey(),
  kind: text('kind').notNull(),
  name: text('name').notNull(),
  /** URL, address of a mailbox, or a push subscription in JSON */
  target: text('target').notNull(),
  secret: text('secret').notNull(),
  /** what it wants to hear of: JSON, see `rule.ts` */
  rule: text('rule').notNull(),
  enabled: boolean('enabled').notNull(),
  /** whose browser it is; null for hooks of the installation */
  accountId: integer('account_id'),
  createdMs: int8('created_ms').notNull(),
})

export const deliveries = pgTable('deliveries', {
  id: serial('id').primaryKey(),
  hookId: text('hook_id').notNull(),
  /** what it is about: one subject is delivered to one hook once, however often it is told of */
  subject: text('subject').notNull(),
  /** by which messages are spaced */
  source: text('source').notNull(),
  payload: text('payload').notNull(),
  state: text('state').notNull(),
  attempts: integer('attempts').notNull(),
  /** when it is tried next; while it is being tried, when it counts as lost */
  nextMs: int8('next_ms').notNull(),
  createdMs: int8('created_ms').notNull(),
  reason: text('reason').notNull(),
})

/** What was told last, so that a restart does not tell it again; and keys that the index keeps for all instances. */
export const states = pgTable('states', {
  name: text('name').primaryKey(),
  value: text('value').notNull(),
  changedMs: int8('changed_ms').notNull(),
})
