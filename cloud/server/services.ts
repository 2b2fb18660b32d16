import type { Accounts } from './accounts/accounts.ts'
import type { Sessions } from './accounts/sessions.ts'
import type { Catalog } from './catalog.ts'
import type { Ingest } from './ingest/ingest.ts'
import type { Limits } from './limits/limits.ts'
import type { Logger } from './log.ts'
import type { Losses } from './losses/losses.ts'
import type { MqttBridge } from './mqtt-bridge.ts'
import type { Presence } from './presence.ts'
import type { Registry } from './registry.ts'
import type { IndexStore } from './store/index/types.ts'
import type { ObjectStore } from './store/objects/types.ts'
import type { Signer } from './tokens.ts'

/** What the routes work with. */
export type Services = {
  objects: ObjectStore
  index: IndexStore
  registry: Registry
  presence: Presence
  ingest: Ingest
  catalog: Catalog
  losses: Losses
  bridge: MqttBridge
  accounts: Accounts
  sessions: Sessions
  limits: Limits
  signer: Signer
  log: Logger
  now: () => number
  adminToken: string
  viewerToken: string
  /** ends a device's MQTT connection: its secret has changed, or it is gone */
  disconnect(clientId: string): void
  /** how the server is reached from outside, without a slash at the end */
  publicUrl(): string
  /** once the server is about to end */
  isClosing(): boolean
}
