import { parseHmacUsername, verifyHmacPassword } from '../contract.ts'
import type { Registry } from '../registry.ts'
import { sameText } from '../tokens.ts'
import type { CheckLogin, LoginResult } from './types.ts'

/** Expiries count only for a clock that was ever set: boards and servers start in 1970 without one. */
const CLOCK_KNOWN_FROM_MS = Date.UTC(2024, 0, 1)
/** How far the clocks of device and cloud may be apart. */
const SKEW_MS = 5 * 60_000

const refused = (reason: string): LoginResult => ({ ok: false, reason })

/** Checks a login of either kind (docs/PROTOCOL.md, "Login"). The reasons go to the log, not to the device. */
export const createLoginCheck =
  (registry: Registry, now: () => number): CheckLogin =>
  async ({ clientId, username, password }) => {
    const hmac = parseHmacUsername(username)
    const [productId, deviceName, rest] = username.split('/')
    const isStatic = !hmac && productId && deviceName && rest === undefined
    if (!hmac && !isStatic) return refused('user name is of neither login')
    const named = hmac ? hmac.clientId : `${productId}${deviceName}`
    if (clientId !== named) return refused(`client id does not fit the user name of ${named}`)
    const device = await registry.deviceByClientId(clientId)
    if (!device) return refused('unknown device')
    if (!hmac) {
      if (device.productId !== productId || device.deviceName !== deviceName)
        return refused('unknown device')
      return sameText(password, device.secret) ? { ok: true } : refused('wrong secret')
    }
    const isExpired = now() > CLOCK_KNOWN_FROM_MS && hmac.expiryS * 1000 < now() - SKEW_MS
    if (isExpired) return refused('the login has expired; is the clock of the device right?')
    return verifyHmacPassword(username, password, device.secret)
      ? { ok: true }
      : refused('wrong secret')
  }
