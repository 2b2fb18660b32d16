/** The two containers behind one set of names. */
import { isTs } from '../config';
import { OK } from '../status';
import { closeFmp4Slice, flushFmp4, fmp4AudioArrived } from './fmp4-channel';
import { closeTsSlice, flushTsAudio, tsAudioArrived } from './ts-channel';

/**
 * Ends the open slice; audio older than `nextTicks` still belongs to it. `continues`: a picture of
 * that time follows without a break.
 */
export function closeSlice(why: i32, nextTicks: i64, continues: bool): void {
  if (isTs()) closeTsSlice(why, nextTicks);
  else closeFmp4Slice(why, nextTicks, continues);
}

export function audioArrived(): void {
  if (isTs()) tsAudioArrived();
  else fmp4AudioArrived();
}

/** Everything that waits becomes visible. */
export function flushWaiting(): i32 {
  if (isTs()) return flushTsAudio();
  flushFmp4();
  return OK;
}
