export type LogFields = Record<string, string | number | boolean | undefined>

/** Where the server says what happens. Never give it a token, a secret or a URL with a query. */
export type Logger = {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

const noop = () => {}

/** One JSON object per line, on stderr unless told otherwise. */
export const createLogger = (
  level: LogLevel,
  write: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
): Logger => {
  const from = LOG_LEVELS.indexOf(level)
  const at = (name: Exclude<LogLevel, 'silent'>) =>
    LOG_LEVELS.indexOf(name) < from
      ? noop
      : (message: string, fields: LogFields = {}) =>
          write(JSON.stringify({ time: new Date().toISOString(), level: name, message, ...fields }))
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** What a thrown value says. */
export const errorText = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)
