import { ApiError, badRequest } from '../errors.ts'
import type { Slice } from '../store/index/types.ts'
import type { TimeshiftSegments } from './timeshift.ts'

/** What is in this process's memory is looked at this often; what another instance has is asked of the index less often. */
const LOOK_MS = 40
const ASK_MS = 500
/** A fragment is closed after a second at most, a GOP may take ten. Spec: draft-pantos-hls-rfc8216bis 6.2.5.2. */
const PATIENCE_MS = 15_000
/** A player is never further ahead. */
const AHEAD_MAX = 2

export type Wanted = { msn: number; part?: number | undefined }

/** Whether the list has what a player waits for. */
const has = ({ segments }: TimeshiftSegments, { msn, part }: Wanted): boolean => {
  const last = segments.at(-1)
  const growing = last?.isGrowing ? last : undefined
  const whole = segments.length - (growing ? 1 : 0)
  if (whole > msn) return true
  return whole === msn && part !== undefined && (growing?.parts?.length ?? 0) > part
}

/**
 * Answers a player when there is news instead of at once: it asks for the segment and the part that come next.
 * @param live what is being received of the channel, in this process
 */
export const blockingReload = async (
  read: () => Promise<TimeshiftSegments>,
  live: () => readonly Slice[],
  wanted: Wanted,
  isClosing: () => boolean,
): Promise<TimeshiftSegments> => {
  const state = () =>
    live()
      .map(({ id, bytes, state }) => `${id} ${bytes} ${state}`)
      .join()
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const before = state()
    const list = await read()
    if (list.isClosed || has(list, wanted)) return list
    if (wanted.msn > list.segments.length + AHEAD_MAX)
      throw badRequest('"_HLS_msn" is further ahead than anything that comes next')
    const askAgain = performance.now() + ASK_MS
    while (state() === before && performance.now() < askAgain && !isClosing())
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    if (isClosing() || performance.now() > deadline)
      throw new ApiError(503, 'unavailable', 'nothing new is coming', { 'Retry-After': '1' })
  }
}
