import { and, asc, eq, inArray, sql } from 'drizzle-orm'
import { deviceKey } from '../slice.ts'
import { devices } from '../store/index/schema.ts'
import type { SqlDatabase } from '../store/index/sql.ts'
import { hashPassword, isOutdated, LOG2_N, noPassword, verifyPassword } from './password.ts'
import { accountDevices, accounts, sessions } from './tables.ts'
import type { Account, Role } from './types.ts'

export type AccountChange = {
  role?: Role | undefined
  password?: string | undefined
  /** `productId/deviceName` of each device that it sees; null: all */
  devices?: readonly string[] | null | undefined
}

/** Why a change was refused. */
export class AccountError extends Error {
  constructor(
    readonly kind: 'taken' | 'last_admin' | 'unknown_device',
    message: string,
  ) {
    super(message)
  }
}

type Row = typeof accounts.$inferSelect

/** Accounts of people, with their password hashes. */
export class Accounts {
  constructor(
    private readonly db: SqlDatabase,
    private readonly now: () => number,
    /** what a hash costs; tests make it cheap */
    private readonly log2N = LOG2_N,
  ) {}

  async list(): Promise<Account[]> {
    const rows = await this.db.select().from(accounts).orderBy(asc(accounts.name))
    return Promise.all(rows.map((row) => this.#withDevices(row)))
  }

  async count(): Promise<number> {
    return this.db.$count(accounts)
  }

  async get(id: number): Promise<Account | undefined> {
    const [row] = await this.db.select().from(accounts).where(eq(accounts.id, id))
    return row && this.#withDevices(row)
  }

  /** The account, when name and password fit. Takes the same time when there is no such name. */
  async login(name: string, password: string): Promise<Account | undefined> {
    const named = eq(accounts.name, name.toLowerCase())
    const [row] = await this.db.select().from(accounts).where(named)
    const fits = await verifyPassword(password, row?.password ?? noPassword(this.log2N))
    if (!row || !fits) return undefined
    if (isOutdated(row.password, this.log2N))
      await this.#setPassword(row.id, await hashPassword(password, this.log2N))
    return this.#withDevices(row)
  }

  async create(given: {
    name: string
    role: Role
    password: string
    devices?: readonly string[] | null | undefined
  }): Promise<Account> {
    const password = await hashPassword(given.password, this.log2N)
    const name = given.name.toLowerCase()
    return this.db.transaction(async (tx) => {
      const [row] = await tx
        .insert(accounts)
        .values({ name, role: given.role, password, createdMs: this.now() })
        .onConflictDoNothing()
        .returning()
      if (!row) throw new AccountError('taken', `there is an account ${name}`)
      if (given.devices) await setDevices(tx, row.id, given.devices)
      return { ...view(row), ...(given.devices && { devices: [...given.devices].sort() }) }
    })
  }

  /** Changes an account and ends its sessions, all but `keptSession`. */
  async change(id: number, change: AccountChange, keptSession?: string): Promise<void> {
    const password =
      change.password === undefined ? undefined : await hashPassword(change.password, this.log2N)
    await this.db.transaction(async (tx) => {
      if (change.role === 'viewer') await keepAdmin(tx, id)
      const set = { ...(change.role && { role: change.role }), ...(password && { password }) }
      if (Object.keys(set).length > 0) await tx.update(accounts).set(set).where(eq(accounts.id, id))
      if (change.devices !== undefined) await setDevices(tx, id, change.devices ?? [])
      const others = sql`${sessions.hash} <> ${keptSession ?? ''}`
      await tx.delete(sessions).where(and(eq(sessions.accountId, id), others))
    })
  }

  async delete(id: number): Promise<void> {
    await this.db.transaction(async (tx) => {
      await keepAdmin(tx, id)
      await tx.delete(accounts).where(eq(accounts.id, id))
    })
  }

  async #setPassword(id: number, password: string): Promise<void> {
    await this.db.update(accounts).set({ password }).where(eq(accounts.id, id))
  }

  async #withDevices(row: Row): Promise<Account> {
    const seen = await this.db
      .select({ productId: devices.productId, deviceName: devices.deviceName })
      .from(accountDevices)
      .leftJoin(devices, eq(devices.id, accountDevices.deviceId))
      .where(eq(accountDevices.accountId, row.id))
    if (seen.length === 0) return view(row)
    // a device that was deleted leaves its row: an account that saw only it must not see all of a sudden
    const there = seen.flatMap(({ productId, deviceName }) =>
      productId !== null && deviceName !== null ? [deviceKey({ productId, deviceName })] : [],
    )
    return { ...view(row), devices: there.sort() }
  }
}

const view = ({ id, name, role, createdMs }: Row): Account => ({
  id,
  name,
  role: role as Role,
  createdMs,
})

type Transaction = Parameters<Parameters<SqlDatabase['transaction']>[0]>[0]

/** Refuses what would leave no admin account behind. The lock lets two such changes see each other. */
const keepAdmin = async (tx: Transaction, id: number): Promise<void> => {
  const admins = await tx
    .select({ id: accounts.id })
    .from(accounts)
    .where(eq(accounts.role, 'admin'))
    .for('update')
  if (admins.length === 1 && admins[0]!.id === id)
    throw new AccountError('last_admin', 'this is the last admin account; make another one first')
}

const setDevices = async (
  tx: Transaction,
  accountId: number,
  keys: readonly string[],
): Promise<void> => {
  await tx.delete(accountDevices).where(eq(accountDevices.accountId, accountId))
  if (keys.length === 0) return
  const name = sql`${devices.productId} || '/' || ${devices.deviceName}`
  const found = await tx
    .select({ id: devices.id, key: sql<string>`${name}` })
    .from(devices)
    .where(inArray(name, [...keys]))
  const unknown = keys.find((key) => !found.some((device) => device.key === key))
  if (unknown !== undefined)
    throw new AccountError('unknown_device', `there is no device ${unknown}`)
  await tx.insert(accountDevices).values(found.map(({ id }) => ({ accountId, deviceId: id })))
}
