import { bigint, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'

export const products = pgTable('products', {
  productId: text('product_id').primaryKey(),
  secret: text('secret').notNull(),
  mode: text('mode').notNull(),
  maxDevices: integer('max_devices').notNull(),
  /** JSON: the plan of channel 0 that a device begins with; `null`: none */
  plan: text('plan').notNull(),
  createdMs: bigint('created_ms', { mode: 'number' }).notNull(),
})

/** Names that may register while the mode is `listed`. */
export const productNames = pgTable(
  'product_names',
  {
    productId: text('product_id').notNull(),
    deviceName: text('device_name').notNull(),
  },
  (table) => [primaryKey({ columns: [table.productId, table.deviceName] })],
)
