import type { z } from 'zod'
import type { iv_err_code_e } from './status.ts'

/** One thing wrong with what a caller gave: the code to return and a message with name, value, limit and unit. */
export type Fault = { code: iv_err_code_e; message: string }

export type Checked<Value> = { value: Value } | { faults: Fault[] }

/** Every fault that zod found, one message each. */
export const faultsOf = (error: z.ZodError, code: iv_err_code_e): Fault[] =>
  error.issues.map((issue) => ({
    code,
    message: `${
      issue.path
        .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
        .join('')
        .replace(/^\./, '') || 'parameters'
    } ${issue.message}`,
  }))

/** A message that also shows what was given. */
export const got = (message: string, input: unknown): string => {
  const shown = typeof input === 'function' ? 'a function' : (JSON.stringify(input) ?? 'nothing')
  return `${message}, not ${shown.length > 60 ? `${shown.slice(0, 57)}...` : shown}`
}

/** The same as a parameter of a zod check. */
export const refuse = (message: string) => ({
  error: (issue: { input?: unknown }): string => got(message, issue.input),
})
