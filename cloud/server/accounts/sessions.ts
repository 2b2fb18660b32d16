import { createHash } from 'node:crypto'
import { eq, lte } from 'drizzle-orm'
import type { SqlDatabase } from '../store/index/sql.ts'
import { randomToken } from '../tokens.ts'
import type { Accounts } from './accounts.ts'
import { sessions } from './tables.ts'
import type { Access, Role } from './types.ts'

const SESSION_MS = 30 * 86_400_000
/** Every picture and segment asks; another instance's logout is seen after this long at the latest, one's own at once. */
const CACHE_MS = 3000

export type SessionTokens = { adminToken: string; viewerToken: string }

export const tokenHash = (token: string): string =>
  createHash('sha256').update(token).digest('base64url')

/** Sessions of browsers. The cookie holds a random value, the index its hash, so a session can be ended from here. */
export class Sessions {
  /** sessions only, never what turned out to be none: strangers must not fill it */
  readonly #known = new Map<string, { access: Access; untilMs: number }>()
  #changes = 0

  constructor(
    private readonly db: SqlDatabase,
    private readonly accounts: Accounts,
    private readonly tokens: SessionTokens,
    private readonly now: () => number,
  ) {}

  /** Begins a session, always with a new value: one that somebody planted in the browser gains nothing. */
  async begin(owner: { accountId: number } | { token: string }): Promise<{
    value: string
    lifetimeMs: number
  }> {
    const nowMs = this.now()
    const value = randomToken()
    await this.db.delete(sessions).where(lte(sessions.expiresMs, nowMs))
    await this.db.insert(sessions).values({
      hash: tokenHash(value),
      accountId: 'accountId' in owner ? owner.accountId : null,
      tokenHash: 'token' in owner ? tokenHash(owner.token) : null,
      createdMs: nowMs,
      expiresMs: nowMs + SESSION_MS,
    })
    return { value, lifetimeMs: SESSION_MS }
  }

  /** What the session of a cookie permits, or undefined when it is none. */
  async access(value: string): Promise<Access | undefined> {
    const hash = tokenHash(value)
    const known = this.#known.get(hash)
    if (known && known.untilMs > this.now()) return known.access
    const before = this.#changes
    const access = await this.#read(hash)
    // it may have ended between the reading and its arrival here
    if (!access || before !== this.#changes) this.#known.delete(hash)
    else this.#known.set(hash, { access, untilMs: this.now() + CACHE_MS })
    return access
  }

  async end(value: string): Promise<void> {
    await this.db.delete(sessions).where(eq(sessions.hash, tokenHash(value)))
    this.forget()
  }

  /** Accounts have changed: what was read before may be wrong. */
  forget(): void {
    this.#changes++
    this.#known.clear()
  }

  async #read(hash: string): Promise<Access | undefined> {
    const [row] = await this.db.select().from(sessions).where(eq(sessions.hash, hash))
    if (!row || row.expiresMs <= this.now()) return undefined
    if (row.accountId === null) {
      const role = this.#roleOfHash(row.tokenHash)
      return role && { role, account: null }
    }
    const account = await this.accounts.get(row.accountId)
    if (!account) return undefined
    const { id, name, role, devices } = account
    return { role, account: { id, name }, ...(devices && { devices: new Set(devices) }) }
  }

  /** A session that a token began ends when the token is changed. */
  #roleOfHash(hash: string | null): Role | undefined {
    if (hash === tokenHash(this.tokens.adminToken)) return 'admin'
    return hash === tokenHash(this.tokens.viewerToken) ? 'viewer' : undefined
  }
}
