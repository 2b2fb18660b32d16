import { createHash } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { errorText } from '../log.ts'
import { HttpConnection, HttpFailure, type HttpTimeouts } from '../upload/http.ts'
import { outcomeOf } from '../upload/retry.ts'
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

/** Puts pictures over HTTP, each on a connection of its own: they are few. Spec: docs/PROTOCOL.md section 3. */
export const pictureUploader =
  (clock: Clock, times: () => HttpTimeouts, ca?: string): PutPicture =>
  (grant, bytes) => {
    const url = new URL(grant.url)
    const connection = new HttpConnection(new URL(url.origin), clock, ca)
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
    const done = connection
      .request(request, times())
      .then(
        ({ status }) => ({
          outcome: pictureOutcome(status),
          message: `PUT ${url.origin}: ${status}`,
        }),
        (error: unknown) => {
          if (!(error instanceof HttpFailure)) throw error
          return { outcome: 'retry' as const, message: `${url.origin}: ${errorText(error)}` }
        },
      )
      .finally(() => connection.close())
    return { done, cancel: () => connection.close() }
  }
