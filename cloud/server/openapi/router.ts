import { OpenAPIHono } from '@hono/zod-openapi'
import { badRequest } from '../errors.ts'
import { faultText } from '../faults.ts'

/**
 * A router whose routes are described (`createRoute`) and whose requests are checked by what describes them: a request
 * that does not fit is a 400 that names every fault.
 */
export const createRouter = () =>
  new OpenAPIHono({
    defaultHook: (result) => {
      if (!result.success) throw badRequest(faultText(result.error))
    },
  })
