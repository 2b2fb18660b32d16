/** Hands finished bytes to the readers, and ends slices. */
import { STATE_AUDIO_CHANNELS, STATE_AUDIO_RATE, TRACK_AUDIO, TRACK_VIDEO, UNIT_PTS } from '../abi';
import { hasVideo } from '../config';
import { showWritten, written } from '../gop/ring';
import {
  endSlice, endUnit, openSlice, openUnit, setSliceEnd, setSliceTracks, setUnitDuration, setUnitEnd,
} from '../gop/tables';
import { setI32 } from '../state';
import { audioAnnounced, headerWaits, setHeaderWaits } from './channel';
import { audioChannels, audioRate } from './audio-track';

/** Everything finished becomes visible, unless the slice's header waits. */
export function publish(): void {
  if (headerWaits) return;
  showWritten();
  if (openSlice != 0) setSliceEnd(written);
  if (openUnit != 0) setUnitEnd(written);
}

/** The tracks of the open slice are decided; -1 for `init` with TS. */
export function recordTracks(init: i32): void {
  setSliceTracks((hasVideo() ? TRACK_VIDEO : 0) | (audioAnnounced ? TRACK_AUDIO : 0), init);
  if (audioAnnounced) {
    setI32(STATE_AUDIO_RATE, audioRate);
    setI32(STATE_AUDIO_CHANNELS, audioChannels);
  }
}

/**
 * The waiting header stays as it is: without audio, or with it when announceAudioInHeader() was
 * called.
 */
export function settleHeader(): void {
  if (!headerWaits) return;
  setHeaderWaits(false);
  recordTracks(-1);
  publish();
}

/**
 * Ends the open unit at a position; `ptsMs` is when the next one begins, or -1 when nothing
 * follows.
 */
export function endUnitAt(position: i64, ptsMs: f64): void {
  if (openUnit == 0) return;
  setUnitEnd(position);
  if (ptsMs >= 0) setUnitDuration(ptsMs - load<f64>(openUnit, UNIT_PTS));
  endUnit();
}

/** Ends the open slice; its audio has been written. */
export function closeRecords(why: i32): void {
  settleHeader();
  endUnitAt(written, -1);
  if (openSlice != 0) endSlice(why);
}
