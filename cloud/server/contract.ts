/**
 * The wire contract, from the one place where it is written. A source checkout reads it as source, so no build can be
 * stale; the packed server has it compiled in (see `../build-server.mjs`). Nothing else of the runtime is imported.
 */
export * from '../../runtime/identity.ts'
export * from '../../runtime/mqtt/bucket-layout.ts'
export * from '../../runtime/mqtt/messages.ts'
export * from '../../runtime/mqtt/registration.ts'
export * from '../../runtime/mqtt/topics.ts'
