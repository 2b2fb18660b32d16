import { EVENT_ID_MAX, EVENT_ID_MIN, EVENT_INFO_MAX } from '../mqtt/event-messages.ts'

/** Why this is no event id, or undefined. */
export const eventIdFault = (id: unknown): string | undefined =>
  Number.isInteger(id) && (id as number) >= EVENT_ID_MIN && (id as number) <= EVENT_ID_MAX
    ? undefined
    : `event_id must be ${EVENT_ID_MIN} to ${EVENT_ID_MAX}, not ${String(id)}`

/**
 * The info of an event: printable ASCII (specification: letters, digits and common symbols), at most 127 bytes and the terminator that a string has in
 * C. Null and undefined are none.
 */
export const checkInfo = (info: unknown): { info: string } | { fault: string } => {
  if (info === null || info === undefined) return { info: '' }
  if (typeof info !== 'string') return { fault: `info must be a string, not ${typeof info}` }
  if (info.length > EVENT_INFO_MAX)
    return { fault: `info must be at most ${EVENT_INFO_MAX} characters, not ${info.length}` }
  const wrong = /[^\x20-\x7e]/.exec(info)
  if (wrong)
    return {
      fault: `info must be printable ASCII; character ${wrong.index} is U+${wrong[0].charCodeAt(0).toString(16).padStart(4, '0')}`,
    }
  return { info }
}
