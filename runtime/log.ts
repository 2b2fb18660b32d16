/** Where messages go. Four levels; a message says what happened and, where someone can act, what to do. */
export type Logger = {
  error(message: string): void
  warn(message: string): void
  info(message: string): void
  debug(message: string): void
}

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Writes to stderr: stdout belongs to the program. */
export const consoleLogger = (level: LogLevel = 'warn'): Logger => {
  const threshold = LOG_LEVELS.indexOf(level)
  const at =
    (name: LogLevel) =>
    (message: string): void => {
      if (LOG_LEVELS.indexOf(name) <= threshold) console.error(`skyrill ${name}: ${message}`)
    }
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') }
}

/** Puts a prefix before every message, such as the channel it is about. */
export const withPrefix = (logger: Logger, prefix: string): Logger => ({
  error: (message) => logger.error(`${prefix}: ${message}`),
  warn: (message) => logger.warn(`${prefix}: ${message}`),
  info: (message) => logger.info(`${prefix}: ${message}`),
  debug: (message) => logger.debug(`${prefix}: ${message}`),
})

/** Text of whatever was thrown. */
export const errorText = (error: unknown): string =>
  error instanceof Error ? error.message || error.name : String(error)
