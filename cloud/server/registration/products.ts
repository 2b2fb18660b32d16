import { and, asc, eq } from 'drizzle-orm'
import { z } from 'zod'
import type { SqlDatabase } from '../store/index/sql.ts'
import { randomToken } from '../tokens.ts'
import { productNames, products } from './tables.ts'

/** `listed`: names that an admin has listed; `open`: any name, up to the most devices. */
export const PRODUCT_MODES = ['off', 'listed', 'open'] as const
export type ProductMode = (typeof PRODUCT_MODES)[number]

const days = z.int().min(0).max(3650)

/** The plan that a device begins with on channel 0. */
export const firstPlanSchema = z
  .discriminatedUnion('type', [
    z.object({ type: z.enum(['full', 'event']), days }),
    z.object({
      type: z.literal('trial'),
      days,
      trialSec: z
        .int()
        .min(1)
        .max(366 * 86_400),
    }),
  ])
  .nullable()
export type FirstPlan = z.output<typeof firstPlanSchema>

export type Product = {
  productId: string
  secret: string
  mode: ProductMode
  maxDevices: number
  plan: FirstPlan
  createdMs: number
}

const fromRow = (row: typeof products.$inferSelect): Product => ({
  ...row,
  mode: row.mode as ProductMode,
  plan: firstPlanSchema.parse(JSON.parse(row.plan)),
})

/** Products whose devices register themselves. */
export class Products {
  constructor(
    private readonly db: SqlDatabase,
    private readonly now: () => number,
  ) {}

  async list(): Promise<Product[]> {
    return (await this.db.select().from(products).orderBy(asc(products.productId))).map(fromRow)
  }

  async get(productId: string): Promise<Product | undefined> {
    const [row] = await this.db.select().from(products).where(eq(products.productId, productId))
    return row && fromRow(row)
  }

  /** Makes a product, or changes one; its secret stays. */
  async put(given: Pick<Product, 'productId' | 'mode' | 'maxDevices' | 'plan'>): Promise<Product> {
    const set = { mode: given.mode, maxDevices: given.maxDevices, plan: JSON.stringify(given.plan) }
    const [row] = await this.db
      .insert(products)
      .values({ productId: given.productId, ...set, secret: randomToken(), createdMs: this.now() })
      .onConflictDoUpdate({ target: products.productId, set })
      .returning()
    return fromRow(row!)
  }

  /** A new secret; devices that have registered keep theirs. */
  async rotate(productId: string): Promise<Product | undefined> {
    const [row] = await this.db
      .update(products)
      .set({ secret: randomToken() })
      .where(eq(products.productId, productId))
      .returning()
    return row && fromRow(row)
  }

  /** Its devices stay. */
  async delete(productId: string): Promise<void> {
    await this.db.delete(products).where(eq(products.productId, productId))
  }

  async names(productId: string): Promise<string[]> {
    const rows = await this.db
      .select()
      .from(productNames)
      .where(eq(productNames.productId, productId))
      .orderBy(asc(productNames.deviceName))
    return rows.map((row) => row.deviceName)
  }

  async isListed(productId: string, deviceName: string): Promise<boolean> {
    const named = and(
      eq(productNames.productId, productId),
      eq(productNames.deviceName, deviceName),
    )
    return (await this.db.$count(productNames, named)) > 0
  }

  async setNames(productId: string, names: readonly string[]): Promise<void> {
    await this.db.transaction(async (tx) => {
      await tx.delete(productNames).where(eq(productNames.productId, productId))
      const rows = [...new Set(names)].map((deviceName) => ({ productId, deviceName }))
      if (rows.length > 0) await tx.insert(productNames).values(rows)
    })
  }
}
