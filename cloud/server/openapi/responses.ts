import { z } from '@hono/zod-openapi'
import type { ErrorStatus } from '../errors.ts'

/** Every error answer. */
export const errorSchema = z
  .object({
    error: z.object({
      code: z.string().openapi({ description: 'for programs', example: 'not_found' }),
      message: z.string().openapi({ description: 'for people: what is wrong and what to do' }),
    }),
  })
  .openapi('Error')

const DESCRIPTIONS: Partial<Record<ErrorStatus, string>> = {
  400: 'The request is malformed',
  401: 'No access: the token or session is missing, wrong or has expired',
  403: 'This needs the admin role, or the signature of the address has expired',
  404: 'There is no such thing',
  409: 'It does not fit what is there',
  410: 'It was there and is gone for good',
  413: 'The body is too large',
  415: 'The body must be application/json',
  416: 'The range lies outside',
  500: 'A fault of the server; its log says which',
  503: 'Later: see Retry-After',
  507: 'The storage is full',
}

/** An answer in JSON. */
export const json = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  description,
  content: { 'application/json': { schema } },
})

/** A body in JSON that must be there. */
export const jsonBody = <Schema extends z.ZodType>(schema: Schema) => ({
  required: true as const,
  content: { 'application/json': { schema } },
})

/** An answer of bytes. */
export const binary = <Type extends string>(type: Type, description: string) =>
  ({
    description,
    content: { [type]: { schema: z.string().openapi({ format: 'binary' }) } },
  }) as { description: string; content: Record<Type, { schema: z.ZodString }> }

/** An answer without a body. */
export const empty = (description: string) => ({ description })

/**
 * Error answers of a route, beside those that each can have. They are thrown, not returned: for the types a route has the
 * answers of success only, so a client's `json()` is what it hopes for.
 */
export const errors = (...statuses: ErrorStatus[]): Record<never, never> =>
  Object.fromEntries(
    [...new Set<ErrorStatus>([401, 500, ...statuses])]
      .sort((a, b) => a - b)
      .map((status) => [status, json(errorSchema, DESCRIPTIONS[status] ?? 'An error')]),
  )
