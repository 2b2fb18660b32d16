/** State of the one channel that an instance is, and what both tracks share. */
import { STATE_NEED_IDR } from '../abi';
import { hasAudio, hasVideo } from '../config';
import { setI32 } from '../state';

export let isOpen: bool = false;
/** P frames are refused until the next IDR. */
export let needIdr: bool = true;
/** A CRA or BLA started decoding: its RASL pictures refer to what nobody has. */
export let dropsRasl: bool = false;
/** What the open slice (and those after it) announce. */
export let audioAnnounced: bool = false;
/** The slice's header waits for audio: nothing of the slice is visible yet. */
export let headerWaits: bool = false;
/** Audio was accepted although the open slice does not announce it: the next IDR starts a slice that does. */
export let audioWanted: bool = false;

/** First picture of the open slice. */
export let sliceTicks: i64 = 0;
export let slicePtsMs: f64 = 0;

/** The header of a first slice waits this long for audio. */
export const ANNOUNCE_MS: f64 = 200;

export function openChannel(): void {
  isOpen = true;
  needIdr = true;
  dropsRasl = false;
  audioAnnounced = false;
  headerWaits = false;
  audioWanted = false;
  setI32(STATE_NEED_IDR, hasVideo() ? 1 : 0);
}

export function setNeedIdr(needed: bool): void {
  needIdr = needed;
  setI32(STATE_NEED_IDR, needed ? 1 : 0);
}

export function setDropsRasl(drops: bool): void {
  dropsRasl = drops;
}

export function setAudioAnnounced(announced: bool): void {
  audioAnnounced = announced;
}

export function setHeaderWaits(waits: bool): void {
  headerWaits = waits;
}

export function setAudioWanted(wanted: bool): void {
  audioWanted = wanted && hasAudio();
}

export function setSliceTime(ticks: i64, ptsMs: f64): void {
  sliceTicks = ticks;
  slicePtsMs = ptsMs;
}
