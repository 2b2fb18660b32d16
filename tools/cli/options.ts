import { type ParseArgsConfig, parseArgs } from 'node:util'
import { UsageError } from './usage-error.ts'

type Options = NonNullable<ParseArgsConfig['options']>

/** Named, so that the declaration file can say it. */
type Parsed<O extends Options> = ReturnType<
  typeof parseArgs<{
    args: string[]
    options: O & { help: { type: 'boolean'; short: 'h' } }
    allowPositionals: boolean
    strict: true
  }>
>

/** parseArgs whose complaints are usage errors; `--help` is understood everywhere. */
export const readOptions = <const O extends Options>(
  args: readonly string[],
  options: O,
  positionals = false,
): Parsed<O> => {
  try {
    return parseArgs({
      args: [...args],
      options: { ...options, help: { type: 'boolean' as const, short: 'h' as const } },
      allowPositionals: positionals,
      strict: true,
    })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

/** `--name` without a value means this one. */
export const withDefault = (args: readonly string[], name: string, value: string): string[] =>
  args.map((arg, at) =>
    arg === `--${name}` && /^(-.*)?$/.test(args[at + 1] ?? '') ? `--${name}=${value}` : arg,
  )

/** A number within limits; the message names option, value, limits and unit. */
export const numberOption = (
  name: string,
  text: string | undefined,
  limits: { min: number; max: number; unit: string; integer?: boolean },
): number | undefined => {
  if (text === undefined) return undefined
  const value = Number(text)
  const ok =
    text.trim() !== '' &&
    value >= limits.min &&
    value <= limits.max &&
    (limits.integer === false || Number.isInteger(value))
  if (!ok)
    throw new UsageError(
      `--${name} ${text}: must be ${limits.integer === false ? 'a number' : 'a whole number'} from ${limits.min} to ${limits.max} ${limits.unit}`,
    )
  return value
}

/** Pictures per second: `25`, `29.97` or `30000/1001`. */
export const fpsOption = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined
  const match = /^(\d+)\/(\d+)$/.exec(text)
  const value = match ? Number(match[1]) / Number(match[2]) : Number(text)
  if (!(value >= 0.1 && value <= 1000))
    throw new UsageError(
      `--fps ${text}: must be 0.1 to 1000 pictures per second, such as 25 or 30000/1001`,
    )
  return value
}

export const choiceOption = <const T extends string>(
  name: string,
  text: string | undefined,
  choices: readonly T[],
): T | undefined => {
  if (text === undefined || (choices as readonly string[]).includes(text))
    return text as T | undefined
  throw new UsageError(`--${name} ${text}: must be ${choices.join(' or ')}`)
}
