import type { Context } from 'hono'
import { accessOf } from './middleware/auth.ts'
import type { Services } from './services.ts'
import { deviceKey } from './slice.ts'
import type { AuditLine } from './store/index/audit-store.ts'
import type { Device } from './store/index/types.ts'

/** Who asks, as the audit log names him: his account, or whose token he has. */
export const actorOf = (c: Context): string => {
  const { account, role } = accessOf(c)
  return account ? account.name : `${role} token`
}

type Done = { action: string; device?: Device } & Partial<
  Pick<AuditLine, 'channel' | 'startMs' | 'endMs' | 'detail'>
>

/** Writes down what was done: before it is answered, so that nothing happens without a line. */
export const audit = (
  { index, now }: Pick<Services, 'index' | 'now'>,
  actor: string,
  { action, device, channel = null, startMs = null, endMs = null, detail = '' }: Done,
): Promise<void> =>
  index.audit.write({
    atMs: now(),
    actor,
    action,
    device: device ? deviceKey(device) : '',
    channel,
    startMs,
    endMs,
    detail,
  })
