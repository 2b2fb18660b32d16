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

export const LOG_FORMATS = ['json', 'text'] as const
export type LogFormat = (typeof LOG_FORMATS)[number]

/** For people: blanks and line breaks of values stay inside quotes. */
const textLine = (time: string, level: string, message: string, fields: LogFields): string => {
  const parts = Object.entries(fields).flatMap(([name, value]) => {
    if (value === undefined) return []
    return [`${name}=${/^[\w./:@+-]+$/.test(String(value)) ? value : JSON.stringify(value)}`]
  })
  return [time, level.padEnd(5), message, ...parts].join(' ')
}

/** One line each, JSON or for people, on stderr unless told otherwise. */
export const createLogger = (
  level: LogLevel,
  write: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
  format: LogFormat = 'json',
): Logger => {
  const from = LOG_LEVELS.indexOf(level)
  const at = (name: Exclude<LogLevel, 'silent'>) =>
    LOG_LEVELS.indexOf(name) < from
      ? noop
      : (message: string, fields: LogFields = {}) => {
          const time = new Date().toISOString()
          write(
            format === 'text'
              ? textLine(time, name, message, fields)
              : JSON.stringify({ time, level: name, message, ...fields }),
          )
        }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** What a thrown value says. */
export const errorText = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)
