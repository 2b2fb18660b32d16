/** For programs that embed the cloud: `npm start`, tests. */
export { type CloudOptions, parseEnv } from './env.ts'
export { createLogger, type Logger } from './log.ts'
export { type Cloud, type CloudOverrides, startCloud } from './start.ts'
