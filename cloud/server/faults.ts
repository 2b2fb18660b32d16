import type { z } from 'zod'

/** What is wrong with a value, in one line: `days: too big; type: ...`. */
export const faultText = (error: z.ZodError): string =>
  error.issues
    .map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message))
    .join('; ')
