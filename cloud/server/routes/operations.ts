import { sql } from 'drizzle-orm'
import { Hono } from 'hono'
import { errorText } from '../log.ts'
import { requireViewer } from '../middleware/auth.ts'
import type { Services } from '../services.ts'

const CHECK_TIMEOUT_MS = 3000

const within = async (what: Promise<unknown>): Promise<string> => {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), CHECK_TIMEOUT_MS)
  })
  try {
    await Promise.race([what, timeout])
    return 'ok'
  } catch (error) {
    return errorText(error)
  } finally {
    clearTimeout(timer)
  }
}

/**
 * For what watches the server. `healthz`: the process lives (restart it when not). `readyz`: it can work (send it no requests when not).
 */
export const operationRoutes = (services: Services) => {
  const { index, objects, broker, log, metrics } = services
  const app = new Hono()
  app.get('/healthz', (c) => c.json({ ok: true, mqtt: services.bridge.counters }))
  app.get('/readyz', async (c) => {
    const [indexState, objectState] = await Promise.all([
      within(Promise.resolve(index.db.execute(sql`select 1`))),
      // any key will do: what counts is that the store says that it is not there
      within(objects.size('readiness/check')),
    ])
    const brokerState = broker.isReady() ? 'ok' : 'not connected'
    const states = { index: indexState, objects: objectState, broker: brokerState }
    const ready = !services.isClosing() && Object.values(states).every((state) => state === 'ok')
    // what is wrong goes to the log; strangers learn which part it is, not where it runs
    if (!ready) log.warn('not ready', { ...states, closing: services.isClosing() })
    const told = Object.fromEntries(
      Object.entries(states).map(([part, state]) => [part, state === 'ok' ? 'ok' : 'failed']),
    )
    c.header('Cache-Control', 'no-store')
    return c.json({ ready, closing: services.isClosing(), ...told }, ready ? 200 : 503)
  })
  app.get('/metrics', requireViewer(services), async (c) => {
    c.header('Cache-Control', 'no-store')
    return c.body(await metrics.text(), 200, { 'Content-Type': metrics.contentType })
  })
  return app
}
