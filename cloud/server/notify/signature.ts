import { createHmac } from 'node:crypto'
import { sameText } from '../tokens.ts'

/** `Skyrill-Signature: t=SECONDS,v1=HEX`, where HEX is HMAC-SHA256 over `SECONDS.BODY` by the hook's secret. */
export const SIGNATURE_HEADER = 'Skyrill-Signature'
export const HOOK_HEADER = 'Skyrill-Hook'
/** How old a signed body may be: what was overheard cannot be sent again later. */
const AGE_MAX_S = 300

const mac = (secret: string, seconds: number, body: string): string =>
  createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')

export const signBody = (secret: string, body: string, nowMs: number): string => {
  const seconds = Math.floor(nowMs / 1000)
  return `t=${seconds},v1=${mac(secret, seconds, body)}`
}

export const checkSignature = (
  secret: string,
  body: string,
  header: string | undefined,
  nowMs: number,
): boolean => {
  const match = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header ?? '')
  if (!match) return false
  const seconds = Number(match[1])
  if (Math.abs(nowMs / 1000 - seconds) > AGE_MAX_S) return false
  return sameText(match[2]!, mac(secret, seconds, body))
}
