import type { Accounts } from './accounts/accounts.ts'
import type { Sessions } from './accounts/sessions.ts'
import type { Broker } from './broker/types.ts'
import type { Catalog } from './catalog.ts'
import type { ExportFiles } from './export/export-files.ts'
import type { ExportJobs } from './export/export-jobs.ts'
import type { Ingest } from './ingest/ingest.ts'
import type { Limits } from './limits/limits.ts'
import type { Logger } from './log.ts'
import type { Losses } from './losses/losses.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { MqttBridge } from './mqtt-bridge.ts'
import type { Deliveries } from './notify/deliveries.ts'
import type { Dispatcher } from './notify/dispatcher.ts'
import type { Hooks } from './notify/hooks.ts'
import type { Notifier } from './notify/notifier.ts'
import type { PlanLimits } from './plan-limits.ts'
import type { Presence } from './presence.ts'
import type { Products } from './registration/products.ts'
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
  planLimits: PlanLimits
  catalog: Catalog
  losses: Losses
  exports: ExportJobs
  exportFiles: ExportFiles
  bridge: MqttBridge
  accounts: Accounts
  sessions: Sessions
  limits: Limits
  metrics: Metrics
  products: Products
  hooks: Hooks
  deliveries: Deliveries
  notifier: Notifier
  dispatcher: Dispatcher
  vapidPublicKey: string
  broker: Broker
  signer: Signer
  log: Logger
  now: () => number
  /** data folder, and what must stay free on its disk */
  folder: string
  minFreeBytes: number
  /** links to media hold for one to two of these */
  linkMs: number
  adminToken: string
  viewerToken: string
  /** ends a device's MQTT connection: its secret has changed, or it is gone */
  disconnect(clientId: string): void
  /** how the server is reached from outside, without a slash at the end */
  publicUrl(): string
  /** the broker as devices know it, with the cloud's own login where it has one */
  mqttUrl(): string
  /** once the server is about to end */
  isClosing(): boolean
}
