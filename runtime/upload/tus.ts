import { createHash } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { errorText } from '../log.ts'
import { type AppendIndex, INDEX_HEADER, type SliceStart } from '../mqtt/messages.ts'
import type { FailureCause, LineFault } from './failure.ts'
import {
  HttpConnection,
  HttpFailure,
  type HttpRequest,
  type HttpResponse,
  type HttpTimeouts,
} from './http.ts'
import { type Outcome, outcomeOf, retryAfterMs } from './retry.ts'

const TUS_VERSION = '1.0.0'

export type TusAnswer = {
  outcome: Outcome
  /** HTTP status, 0 when there was no answer */
  status: number
  /** without an answer: what was wrong with the line */
  fault?: LineFault
  /** why not, in words; the cloud's own where it gave any */
  message: string
  /** where the slice is */
  location?: URL
  /** `Upload-Offset`: how many bytes of the slice the cloud has */
  offset?: number
  /** `Upload-Length`: how long the slice is, once it has ended */
  length?: number
  /** how long the server asked to wait */
  waitMs?: number
}

export type Append = {
  /** where in the slice the bytes go */
  offset: number
  views: readonly Uint8Array[]
  index: AppendIndex
  /** length of the whole slice, with its last append */
  total?: number
}

/** What an uplink asks of a cloud. An answer comes when nothing refers to the views any more. */
export type SliceClient = {
  create(collection: URL, token: string, start: SliceStart, times: HttpTimeouts): Promise<TusAnswer>
  append(location: URL, token: string, append: Append, times: HttpTimeouts): Promise<TusAnswer>
  ask(location: URL, token: string, times: HttpTimeouts): Promise<TusAnswer>
  close(): void
}

/** Resumable uploads over one connection. Spec: tus 1.0.0 with creation, creation-defer-length, checksum; docs/PROTOCOL.md section 2. */
export class TusClient implements SliceClient {
  readonly #clock: Clock
  readonly #ca: string | undefined
  #connection: HttpConnection | undefined

  constructor(clock: Clock, ca?: string) {
    this.#clock = clock
    this.#ca = ca
  }

  close(): void {
    this.#connection?.close()
    this.#connection = undefined
  }

  create(collection: URL, token: string, start: SliceStart, times: HttpTimeouts) {
    const metadata = Buffer.from(JSON.stringify(start)).toString('base64')
    const headers = { 'Upload-Defer-Length': '1', 'Upload-Metadata': `slice ${metadata}` }
    return this.#send(collection, 'POST', token, headers, [], times)
  }

  append(location: URL, token: string, append: Append, times: HttpTimeouts) {
    const hash = createHash('sha256')
    for (const view of append.views) hash.update(view)
    return this.#send(
      location,
      'PATCH',
      token,
      {
        'Upload-Offset': String(append.offset),
        'Content-Type': 'application/offset+octet-stream',
        'Upload-Checksum': `sha256 ${hash.digest('base64')}`,
        [INDEX_HEADER]: JSON.stringify(append.index),
        ...(append.total === undefined ? {} : { 'Upload-Length': String(append.total) }),
      },
      append.views,
      times,
    )
  }

  ask(location: URL, token: string, times: HttpTimeouts) {
    return this.#send(location, 'HEAD', token, {}, [], times)
  }

  async #send(
    url: URL,
    method: HttpRequest['method'],
    token: string,
    headers: Record<string, string>,
    body: readonly Uint8Array[],
    times: HttpTimeouts,
  ): Promise<TusAnswer> {
    if (this.#connection?.origin !== url.origin) {
      this.close()
      this.#connection = new HttpConnection(new URL(url.origin), this.#clock, this.#ca)
    }
    const request = {
      method,
      path: url.pathname + url.search,
      headers: { 'Tus-Resumable': TUS_VERSION, Authorization: `Bearer ${token}`, ...headers },
      body,
    }
    try {
      const response = await this.#connection.request(request, times)
      return answerOf(url, method, response, this.#clock.nowMs())
    } catch (error) {
      if (!(error instanceof HttpFailure)) throw error
      const { fault } = error
      // a certificate that does not fit, or a clock that is not set: the line itself is well
      const outcome = fault === 'tls' ? 'config' : 'retry'
      return { outcome, fault, status: 0, message: `${url.origin}: ${errorText(error)}` }
    }
  }
}

/** Whether it was the cloud that answered. */
export const isAnswered = ({ outcome, status }: TusAnswer): boolean =>
  status > 0 && !(outcome === 'retry' && status < 400)

/** What a failed answer counts as. */
export const causeOf = ({ outcome, status, fault }: TusAnswer): FailureCause | undefined => {
  if (outcome === 'ok') return undefined
  if (fault !== undefined) return fault
  if (outcome !== 'retry') return outcome
  if (status === 0) return 'reset'
  return status < 400 ? 'portal' : 'busy'
}

const count = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined

const answerOf = (
  url: URL,
  method: HttpRequest['method'],
  { status, headers, body }: HttpResponse,
  nowMs: number,
): TusAnswer => {
  const outcome = outcomeOf(status, headers.get('tus-resumable') === TUS_VERSION)
  const answer: TusAnswer = { outcome, status, message: '' }
  if (outcome !== 'ok') {
    answer.message = `${method} ${url.origin}${url.pathname}: ${status} ${complaint(status, body)}`
    // a date is meant by the server's clock, which the answer tells; ours may be wrong
    const serverMs = Date.parse(headers.get('date') ?? '')
    const waitMs = retryAfterMs(
      headers.get('retry-after'),
      Number.isNaN(serverMs) ? nowMs : serverMs,
    )
    return waitMs === undefined ? answer : { ...answer, waitMs }
  }
  const offset = count(headers.get('upload-offset'))
  const length = count(headers.get('upload-length'))
  if (offset !== undefined) answer.offset = offset
  if (length !== undefined) answer.length = length
  if (method !== 'POST') {
    if (offset !== undefined) return answer
    return { outcome: 'retry', status, message: `${method} answer without Upload-Offset` }
  }
  const location = headers.get('location')
  if (location === undefined || !URL.canParse(location, url.href))
    return { outcome: 'config', status, message: 'answer to POST without a usable Location' }
  answer.location = new URL(location, url)
  // the token must not go to where it was not given for
  if (answer.location.origin !== url.origin)
    return { outcome: 'config', status, message: `Location leads to ${answer.location.origin}` }
  return answer
}

/** What the cloud says is wrong: `{error: {message}}`, or that something else answered. */
const complaint = (status: number, body: Uint8Array): string => {
  const text = new TextDecoder().decode(body).trim()
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown } }
    if (typeof error?.message === 'string') return error.message
  } catch {
    // not ours
  }
  if (status >= 200 && status < 400) return 'answer of something that is not the cloud (a portal?)'
  return text.slice(0, 120)
}
