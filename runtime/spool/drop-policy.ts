/** What goes when there is no room for more: nothing, so that what is new is refused; the oldest; or the oldest that belongs to no event. */
export const DROP_POLICIES = ['newest', 'oldest', 'non-event-first'] as const
export type DropPolicy = (typeof DROP_POLICIES)[number]

export type Droppable = { startMs: number; isEvent: boolean }

/**
 * What is to be dropped for something new; undefined: the new one itself is. Recordings of events outlive all others: what belongs to no event never
 * takes their place.
 */
export const victimOf = <Item extends Droppable>(
  policy: DropPolicy,
  kept: Iterable<Item>,
  isNewOfEvent: boolean,
): Item | undefined => {
  if (policy === 'newest') return undefined
  let oldest: Item | undefined
  let oldestOther: Item | undefined
  for (const item of kept) {
    if (!oldest || item.startMs < oldest.startMs) oldest = item
    if (!item.isEvent && (!oldestOther || item.startMs < oldestOther.startMs)) oldestOther = item
  }
  if (policy === 'oldest') return oldest
  return oldestOther ?? (isNewOfEvent ? oldest : undefined)
}
