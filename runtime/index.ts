/** The device runtime: the specification's functions, and the class that they are methods of. */

export * from './capture/index.ts'
export { ReservedFrame } from './capture/reserved-frame.ts'
export type { LastError } from './channel/last-error.ts'
export type { ChannelStats } from './channel/stats.ts'
export { type Clock, systemClock, type Timer } from './clock.ts'
export { CloudStorage, type CloudStorageOptions } from './cloud-storage.ts'
export * from './compat.ts'
export type { EncryptionOptions } from './crypto/options.ts'
export { consoleLogger, LOG_LEVELS, type Logger, type LogLevel } from './log.ts'
export type { MetricFamily } from './metrics/openmetrics.ts'
export { OPENMETRICS_TYPE } from './metrics/openmetrics.ts'
export type { SystemStats } from './metrics/system-metrics.ts'
export type { Relay } from './mqtt/relay-session.ts'
export { RegistrationError, type RegistrationOptions, registerDevice } from './registration.ts'
export { iv_err_code_e, meaningOf, nameOf } from './status.ts'
export { System, type SystemDependencies } from './system.ts'
export type { SystemOptions } from './system-options.ts'
export * from './types.ts'
export type {
  BucketCredentials,
  BucketKeys,
  BucketOptions,
  BucketUplinkOptions,
  Presigner,
  PresignRequest,
} from './upload/bucket/options.ts'
export {
  type CredentialProvider,
  type CredentialReason,
  type Credentials,
  type Denied,
  NEVER_EXPIRES,
  staticCredentials,
} from './upload/credentials.ts'
