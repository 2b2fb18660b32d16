import { createHash } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { errorText } from '../log.ts'
import type { PictureGrant } from '../mqtt/event-messages.ts'
import { HttpConnection, HttpFailure, type HttpTimeouts } from '../upload/http.ts'
import { outcomeOf } from '../upload/retry.ts'
import type { Scheduler } from '../upload/scheduler.ts'
import type { PictureOutcome, PutPicture } from './picture.ts'

/** Spec: ISO/IEC 10918-1 B.1.1.3, SOI and the first byte of the marker behind it; PNG (ISO/IEC 15948) 5.2. */
const SIGNATURES: readonly (readonly [string, readonly number[]])[] = [
  ['image/jpeg', [0xff, 0xd8, 0xff]],
  ['image/png', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
]

/** JPEG is what the specification asks for; known callers send PNG as well. */
export const pictureType = (bytes: Uint8Array): string =>
  SIGNATURES.find(([, signature]) => signature.every((byte, at) => bytes[at] === byte))?.[0] ??
  'application/octet-stream'

const pictureOutcome = (status: number): PictureOutcome => {
  if (status === 204) return 'ok'
  switch (outcomeOf(status, false)) {
    case 'token':
    case 'forbidden':
    // the message that announces the event has not arrived
    case 'unknown':
      return 'token'
    case 'gone':
    case 'reject':
    case 'smaller':
    case 'config':
      return 'reject'
    default:
      return 'retry'
  }
}

type PictureAnswer = { outcome: PictureOutcome; message: string }

/** Puts pictures over HTTP, each on a connection of its own: they are few. Spec: docs/PROTOCOL.md section 3. */
export const pictureUploader =
  (clock: Clock, times: () => HttpTimeouts, scheduler: Scheduler, ca?: string): PutPicture =>
  (grant, bytes) => {
    const connection = new HttpConnection(new URL(new URL(grant.url).origin), clock, ca)
    const cancelling = new AbortController()
    const put = async (): Promise<PictureAnswer> => {
      const { signal } = cancelling
      const leave = await scheduler.ask({ lane: 'picture', bytes: bytes.length, signal })
      if (!leave || signal.aborted) {
        leave?.done(0, false)
        return { outcome: 'retry', message: 'cancelled before its turn' }
      }
      const answer = await putOver(connection, grant, bytes, times())
      leave.done(bytes.length, answer.outcome === 'ok')
      return answer
    }
    const cancel = (): void => {
      cancelling.abort()
      connection.close()
    }
    return { done: put().finally(() => connection.close()), cancel }
  }

const putOver = async (
  connection: HttpConnection,
  grant: PictureGrant,
  bytes: Uint8Array,
  times: HttpTimeouts,
): Promise<PictureAnswer> => {
  const url = new URL(grant.url)
  const request = {
    method: 'PUT' as const,
    path: url.pathname + url.search,
    headers: {
      Authorization: `Bearer ${grant.token}`,
      'Content-Type': pictureType(bytes),
      'Upload-Checksum': `sha256 ${createHash('sha256').update(bytes).digest('base64')}`,
    },
    body: [bytes],
  }
  try {
    const { status } = await connection.request(request, times)
    return { outcome: pictureOutcome(status), message: `PUT ${url.origin}: ${status}` }
  } catch (error) {
    if (!(error instanceof HttpFailure)) throw error
    return { outcome: 'retry', message: `${url.origin}: ${errorText(error)}` }
  }
}
