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
/**
 * Audio was accepted although the open slice does not announce it: the next IDR starts a slice that
 * does.
 */
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

/**
 * The oldest audio that the open slice takes. A slice that continues another one also takes what is
 * a little late for that one: the encoder is two frames behind, and dropping them would leave a
 * hole in the sound every ten seconds.
 */
export let oldestAudioTicks: i64 = 0;
const LATE_AUDIO_TICKS: i64 = 90000;

export function setSliceTime(ticks: i64, ptsMs: f64, continues: bool): void {
  oldestAudioTicks = continues ? ticks - LATE_AUDIO_TICKS : ticks;
  sliceTicks = ticks;
  slicePtsMs = ptsMs;
}
