import { bigint, integer, pgTable, primaryKey, serial, text } from 'drizzle-orm/pg-core'

/** UTC in ms fits a double exactly. */
const int8 = (name: string) => bigint(name, { mode: 'number' })

export const accounts = pgTable('accounts', {
  id: serial('id').primaryKey(),
  /** in lower case: `Anna` and `anna` are one */
  name: text('name').notNull().unique(),
  role: text('role').notNull(),
  /** see `password.ts` */
  password: text('password').notNull(),
  createdMs: int8('created_ms').notNull(),
})

/** Devices that an account sees; an account without a row sees all. */
export const accountDevices = pgTable(
  'account_devices',
  {
    accountId: integer('account_id').notNull(),
    deviceId: integer('device_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.deviceId] })],
)

export const sessions = pgTable('sessions', {
  /** SHA-256 of what the cookie holds: who reads the table cannot use it */
  hash: text('hash').primaryKey(),
  /** null: entered with a token */
  accountId: integer('account_id'),
  /** of sessions that a token began: SHA-256 of the token, which may be changed */
  tokenHash: text('token_hash'),
  createdMs: int8('created_ms').notNull(),
  expiresMs: int8('expires_ms').notNull(),
})
