import { createRoute, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { actorOf, audit } from '../audit.ts'
import { deviceNameSchema, productIdSchema } from '../contract.ts'
import { notFound } from '../errors.ts'
import { requireAdmin } from '../middleware/auth.ts'
import { ms } from '../openapi/fields.ts'
import { empty, errors, json, jsonBody } from '../openapi/responses.ts'
import { createRouter } from '../openapi/router.ts'
import { firstPlanSchema, PRODUCT_MODES, type Product } from '../registration/products.ts'
import type { Services } from '../services.ts'

const NAMES_MAX = 1000
const DEVICES_MAX = 1_000_000

const productSchema = z
  .object({
    productId: z.string(),
    mode: z.enum(PRODUCT_MODES),
    maxDevices: z.int(),
    plan: firstPlanSchema,
    names: z
      .array(z.string())
      .openapi({ description: 'that may register while the mode is "listed"' }),
    createdMs: ms(),
  })
  .openapi('Product')
const secretSchema = z.object({ productSecret: z.string() })
const changeSchema = z.object({
  mode: z.enum(PRODUCT_MODES),
  maxDevices: z.int().min(0).max(DEVICES_MAX).default(100),
  plan: firstPlanSchema.default(null),
  names: z.array(deviceNameSchema).max(NAMES_MAX).optional(),
})

const tags = ['registration']
const middleware = requireAdmin()
const params = z.object({ productId: z.string() })
const list = createRoute({
  operationId: 'listProducts',
  method: 'get',
  path: '/products',
  tags,
  summary: 'Products whose devices register themselves',
  middleware,
  responses: { 200: json(z.object({ products: z.array(productSchema) }), 'All'), ...errors(403) },
})
const put = createRoute({
  operationId: 'putProduct',
  method: 'put',
  path: '/products/{productId}',
  tags,
  summary:
    'Let devices of a product register themselves; the answer to the first holds the product secret, this once',
  middleware,
  request: { params, body: jsonBody(changeSchema) },
  responses: {
    200: json(productSchema, 'As it is now'),
    201: json(productSchema.extend(secretSchema.shape), 'It is made'),
    ...errors(400, 403, 404),
  },
})
const rotate = createRoute({
  operationId: 'rotateProductSecret',
  method: 'post',
  path: '/products/{productId}/secret',
  tags,
  summary: 'A new product secret; devices that have registered keep theirs',
  middleware,
  request: { params },
  responses: { 200: json(secretSchema, 'Told this once'), ...errors(403, 404) },
})
const remove = createRoute({
  operationId: 'deleteProduct',
  method: 'delete',
  path: '/products/{productId}',
  tags,
  summary: 'No more registrations; its devices stay',
  middleware,
  request: { params },
  responses: { 204: empty('It is gone'), ...errors(403, 404) },
})

/** Product secrets, and what they are good for. */
export const productRoutes = (services: Services) => {
  const { products } = services
  const view = async ({ secret: _, ...product }: Product) => ({
    ...product,
    names: await products.names(product.productId),
  })
  const idOf = (text: string): string => {
    const id = productIdSchema.safeParse(text)
    if (!id.success) throw notFound('a product id is 1 to 10 letters, digits, "_" or "-"')
    return id.data
  }
  const unknown = () => notFound('there is no such product; GET /api/products lists them')
  const note = (c: Context, action: string, productId: string) =>
    audit(services, actorOf(c), { action, detail: productId })

  return createRouter()
    .openapi(list, async (c) =>
      c.json({ products: await Promise.all((await products.list()).map(view)) }, 200),
    )
    .openapi(put, async (c) => {
      const productId = idOf(c.req.valid('param').productId)
      const { names, ...given } = c.req.valid('json')
      const before = await products.get(productId)
      const product = await products.put({ productId, ...given })
      if (names) await products.setNames(productId, names)
      await note(c, before ? 'product.change' : 'product.create', productId)
      const shown = await view(product)
      return before ? c.json(shown, 200) : c.json({ ...shown, productSecret: product.secret }, 201)
    })
    .openapi(rotate, async (c) => {
      const product = await products.rotate(c.req.valid('param').productId)
      if (!product) throw unknown()
      await note(c, 'product.secret', product.productId)
      return c.json({ productSecret: product.secret }, 200)
    })
    .openapi(remove, async (c) => {
      const { productId } = c.req.valid('param')
      if (!(await products.get(productId))) throw unknown()
      await products.delete(productId)
      await note(c, 'product.delete', productId)
      return c.body(null, 204)
    })
}
