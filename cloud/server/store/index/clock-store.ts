import type { ClockEpoch } from '../../contract.ts'

/**
 * What devices say of clocks that were wrong. Slices and events are stored as they were labelled and corrected where a shift is known for them, whichever comes
 * first: `shiftMs` is what a row's times have been moved by.
 */
export type ClockStore = {
  /** Keeps the shifts and corrects what is there. Every call may be repeated; a later shift of the same slices replaces the earlier one. */
  correct(deviceId: number, epoch: ClockEpoch): Promise<void>
}
