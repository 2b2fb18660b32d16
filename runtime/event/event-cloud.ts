import type { Ask, Reply } from '../mqtt/session.ts'
import type { System } from '../system.ts'
import type { EventCloud } from './dependencies.ts'

/** The messages about events over the device's MQTT session. Spec: docs/PROTOCOL.md section 3. */
export const eventCloud = (system: System): EventCloud => {
  /** They never wait for leave; they are in the queue so that they count. */
  const ask = async (message: Ask, timeoutMs: number): Promise<Reply | undefined> => {
    const bytes = JSON.stringify(message).length
    const leave = await system.scheduler.ask({ lane: 'report', bytes })
    if (!leave) return undefined
    const reply = await system.ask('event', message, timeoutMs)
    leave.done(bytes, reply !== undefined)
    return reply
  }
  return {
    async start(params, timeoutMs) {
      const reply = await ask({ method: 'event_start', params }, timeoutMs)
      return reply?.method === 'event_start_reply' ? reply : undefined
    },
    async stop(params, timeoutMs) {
      const reply = await ask({ method: 'event_stop', params }, timeoutMs)
      return reply?.method === 'event_stop_reply' ? reply : undefined
    },
    async report(params, timeoutMs) {
      const reply = await ask({ method: 'event_report', params }, timeoutMs)
      return reply?.method === 'event_report_reply' ? reply : undefined
    },
  }
}
