import { t } from '../i18n/index.ts'

/** An answer that is an error, with the server's own words. */
export class ApiFault extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

type Options = { body?: unknown; signal?: AbortSignal }

/** Asks the server; the session's cookie goes with it by itself. Whatever is not a good answer is an `ApiFault`. */
const ask = async (
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  { body, signal }: Options = {},
): Promise<Response> => {
  const answer = await fetch(path, {
    method,
    ...(signal && { signal }),
    ...(body !== undefined && {
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    }),
  }).catch((error: Error) => {
    if (error.name === 'AbortError') throw error
    throw new ApiFault(0, t('fault.unreachable'))
  })
  if (answer.ok) return answer
  const told = (await answer.json().catch(() => ({}))) as { error?: { message?: string } }
  throw new ApiFault(
    answer.status,
    told.error?.message ?? t('fault.status', { status: answer.status }),
  )
}

export const request = async <Answer>(...asked: Parameters<typeof ask>): Promise<Answer> => {
  const answer = await ask(...asked)
  return answer.status === 204 ? (undefined as Answer) : (answer.json() as Promise<Answer>)
}

export const requestText = async (path: string): Promise<string> => (await ask('GET', path)).text()

/** `?from=1&to=2`; members that are undefined are left out. */
export const queryText = (values: Record<string, string | number | undefined>): string => {
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  return given.length === 0 ? '' : `?${new URLSearchParams(given.map(([k, v]) => [k, String(v)]))}`
}
