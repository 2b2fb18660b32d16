/** An admin may do everything, a viewer may look. */
export const ROLES = ['admin', 'viewer'] as const
export type Role = (typeof ROLES)[number]

export type Account = {
  id: number
  name: string
  role: Role
  createdMs: number
  /** keys of the devices that it sees, `productId/deviceName`; absent: all */
  devices?: string[]
}

/** Who asks, as the routes know him. */
export type Access = {
  role: Role
  /** null: a token, no account */
  account: Pick<Account, 'id' | 'name'> | null
  /** device keys that may be seen; absent: all */
  devices?: ReadonlySet<string>
}
