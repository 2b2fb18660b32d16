import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { createApp } from '../../../cloud/server/app.ts'
import type { Services } from '../../../cloud/server/services.ts'
import { openCloud, type TestCloud } from '../support/cloud.ts'

type Operation = {
  operationId?: string
  summary?: string
  parameters?: { name: string; in: string; required?: boolean }[]
  responses: Record<string, { description?: string; content?: Record<string, { schema: object }> }>
}
type Document = {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, object> }
}

let cloud: TestCloud
let document: Document
before(async () => {
  cloud = await openCloud()
  document = (await (
    await fetch(`${cloud.httpUrl}/api/openapi.json`, {
      headers: { Authorization: `Bearer ${cloud.viewerToken}` },
    })
  ).json()) as Document
})
after(() => cloud.remove())

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      path,
      operation,
    })),
  )

test('the document is valid OpenAPI 3.1', async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document))
  assert.ok(valid, JSON.stringify(errors, null, 2))
  assert.equal(document.openapi, '3.1.0')
})

test('every operation has a name of its own, a summary, its path parameters and its errors', () => {
  const names = new Set<string>()
  for (const { name, path, operation } of operations()) {
    assert.ok(operation.operationId && operation.summary, name)
    assert.ok(!names.has(operation.operationId), `${operation.operationId} twice`)
    names.add(operation.operationId)
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter).sort()
    const described = (operation.parameters ?? [])
      .filter((parameter) => parameter.in === 'path' && parameter.required)
      .map((parameter) => parameter.name)
      .sort()
    assert.deepEqual(described, inPath, name)
    const statuses = Object.keys(operation.responses)
    assert.ok(
      statuses.some((status) => /^[23]/.test(status)) && statuses.includes('500'),
      `${name}: ${statuses}`,
    )
    for (const [status, { description, content }] of Object.entries(operation.responses)) {
      assert.ok(description, `${name} ${status}`)
      if (!/^[45]/.test(status)) continue
      assert.deepEqual(
        content?.['application/json']?.schema,
        { $ref: '#/components/schemas/Error' },
        `${name} ${status}`,
      )
    }
  }
})

/** Anything that is asked of it is another one: routes are made, and none is called. */
const stub: unknown = new Proxy(() => stub, { get: () => stub, apply: () => stub })

/** First segments of what is no API of people: devices speak it (docs/PROTOCOL.md), players, browsers, and who watches the server. */
const OUTSIDE = new Set([
  ...['tus', 'pictures', 'register', 'media'],
  ...['healthz', 'readyz', 'metrics'],
  ...['', 's', 'ffmpeg', '{file}'],
])

test('no route of the app is missing from the document, and none is in it that the app has not', () => {
  const routes = createApp(stub as Services)
    .routes.filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)(\{[^}]*\})?/g, '{$1}')}`)
  const isApi = (route: string) => route.split(' ')[1]!.startsWith('/api/')
  const described = operations().map(({ name, path }) => name.replace(path, `/api${path}`))
  // it does not describe itself
  const inApi = new Set(routes.filter(isApi))
  assert.ok(inApi.delete('GET /api/openapi.json'))
  assert.deepEqual([...inApi].toSorted(), described.toSorted())
  const elsewhere = routes.filter((route) => !isApi(route)).map((route) => route.split('/')[1]!)
  assert.deepEqual(new Set(elsewhere), OUTSIDE, 'what is new belongs below /api, described')
})

test('the document is all of the API: what answers is described, what is described answers', async () => {
  for (const { name, path, operation } of operations()) {
    if (!name.startsWith('GET ')) continue
    const url = `${cloud.httpUrl}/api${path.replaceAll(/\{\w+\}/g, 'x')}`
    const headers = { Authorization: `Bearer ${cloud.adminToken}` }
    const answer = await fetch(url, { headers, redirect: 'manual' })
    assert.ok(
      Object.keys(operation.responses).includes(String(answer.status)),
      `${name}: ${answer.status} is not described`,
    )
    if (answer.status < 400) continue
    const { error } = (await answer.json()) as { error: { code: string; message: string } }
    assert.ok(!error.message.startsWith('there is nothing at /api'), `${name} does not answer`)
  }
})
