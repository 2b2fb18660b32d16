import type { OpenAPIHono } from '@hono/zod-openapi'

const DESCRIPTION = `Devices, recordings, events and storage of a Skyrill cloud.

Send \`Authorization: Bearer TOKEN\`. On a GET the page's session cookie does as well, or \`?token=\` for players that can send neither.
Viewers may look, admins may change. Times are UTC in milliseconds.`

/** `get /accounts/{id}` is `getAccountsId`: a name for what has none of its own. */
const operationName = (method: string, path: string): string =>
  method + path.replaceAll(/[/{}._-]+(\w?)/g, (_, letter: string) => letter.toUpperCase())

/** Generators of clients name their functions by it. */
const nameOperations = (paths: Record<string, object>): void => {
  for (const [path, methods] of Object.entries(paths))
    for (const [method, operation] of Object.entries(methods) as [
      string,
      { operationId?: string },
    ][])
      operation.operationId ??= operationName(method, path)
}

/** The OpenAPI document of the routes of a router. Spec: OpenAPI 3.1.0. */
export const openApiDocument = (router: OpenAPIHono) => {
  const document = router.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Skyrill cloud',
      version: '1.0.0',
      description: DESCRIPTION,
      license: { name: 'Apache-2.0' },
    },
    security: [{ bearer: [] }],
  })
  nameOperations(document.paths ?? {})
  return {
    ...document,
    components: {
      ...document.components,
      securitySchemes: { bearer: { type: 'http' as const, scheme: 'bearer' } },
    },
  }
}
