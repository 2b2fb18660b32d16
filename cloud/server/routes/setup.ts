import { createRoute, z } from '@hono/zod-openapi'
import { errors, json } from '../openapi/responses.ts'
import { createRouter } from '../openapi/router.ts'
import type { Services } from '../services.ts'

const getSetup = createRoute({
  operationId: 'getSetup',
  tags: ['devices'],
  summary: 'How devices reach this cloud',
  method: 'get',
  path: '/setup',
  responses: {
    200: json(
      z
        .object({
          mqttUrl: z.string().openapi({
            description: 'broker, without a login; a host of loopback means: the host of this API',
          }),
        })
        .openapi('Setup'),
      'Addresses for devices',
    ),
    ...errors(),
  },
})

/** What a person who adds a device must give to it. */
export const setupRoutes = (services: Pick<Services, 'mqttUrl'>) =>
  createRouter().openapi(getSetup, (c) => {
    const url = new URL(services.mqttUrl())
    // the cloud's own login is nobody else's
    url.username = ''
    url.password = ''
    return c.json({ mqttUrl: url.href }, 200)
  })
