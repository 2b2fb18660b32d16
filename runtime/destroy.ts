import type { EventVerdict } from './event/events.ts'
import { ReplyCode } from './mqtt/messages.ts'
import { iv_err_code_e } from './status.ts'
import type { System } from './system.ts'

/** Asks the cloud to delete what this device has there and to end its plans. To ask again does no harm. Spec: docs/PROTOCOL.md section 3. */
export const askDestroy = async (system: System, timeoutMs: number): Promise<EventVerdict> => {
  const reply = await system.ask('service', { method: 'destroy', params: {} }, timeoutMs)
  if (!reply)
    return {
      code: iv_err_code_e.IV_ERR_SYS_COMMUNICATE_TIMEOUT,
      message: system.lastError || `the cloud did not answer within ${timeoutMs} ms`,
    }
  if (reply.code !== ReplyCode.ok)
    return {
      code: iv_err_code_e.IV_ERR_SYS_COMMUNICATE_FAIL,
      message: `the cloud did not delete the recordings: ${reply.code} ${reply.status}`,
    }
  return { code: iv_err_code_e.IV_ERR_NONE, message: '' }
}
