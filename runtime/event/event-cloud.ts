import type { System } from '../system.ts'
import type { EventCloud } from './dependencies.ts'

/** The messages about events over the device's MQTT session. Spec: docs/PROTOCOL.md section 3. */
export const eventCloud = (system: System): EventCloud => ({
  async start(params, timeoutMs) {
    const reply = await system.ask('event', { method: 'event_start', params }, timeoutMs)
    return reply?.method === 'event_start_reply' ? reply : undefined
  },
  async stop(params, timeoutMs) {
    const reply = await system.ask('event', { method: 'event_stop', params }, timeoutMs)
    return reply?.method === 'event_stop_reply' ? reply : undefined
  },
  async report(params, timeoutMs) {
    const reply = await system.ask('event', { method: 'event_report', params }, timeoutMs)
    return reply?.method === 'event_report_reply' ? reply : undefined
  },
})
