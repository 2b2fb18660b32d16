// When to use short windows: an attack whose noise would be heard before it. The signal's upper part is compared, sub-block
// of 128 samples by sub-block, with what came before.

import { EIGHT_SHORT, FRAME, LONG_START_SEQUENCE, LONG_STOP_SEQUENCE, ONLY_LONG, SHORT } from './frame';
import { ATTACK, ATTACK_AT, INPUT, NEXT_SHORT } from './state';
import { tune } from './tuning';

/** Energy below which nothing is an attack: 16-bit noise of about 30 steps. */
const QUIET: f32 = 128 * 900;
/** First sample of the look-ahead block's frame that short windows resolve: 448 + half a window's overlap. */
const FILTER_LAST = ATTACK; // f32 last sample
const RECENT = ATTACK + 4; // f32 smoothed energy
const TAIL = ATTACK + 8; // f32[4]: energies of the last sub-blocks

/**
 * Looks at the block `ahead` (1024 samples, the last that the next frame covers) and says whether the next frame should
 * be short. Sets ATTACK_AT to the short window in which the attack lies.
 */
export function detectAttack(ch: usize, ahead: usize): bool {
  let last = load<f32>(ch + FILTER_LAST);
  let recent = load<f32>(ch + RECENT);
  const ratio = tune(7);
  let found = -1;
  for (let b = 0; b < FRAME / SHORT; b++) {
    let energy: f32 = 0;
    for (let i = 0; i < SHORT; i++, ahead += 4) {
      const x = load<f32>(ahead);
      const h = x - last;
      last = x;
      energy += h * h;
    }
    if (energy > QUIET && energy > ratio * recent && found < 0) found = b;
    recent = max<f32>(energy, <f32>0.7 * recent + <f32>0.3 * energy) * <f32>0.5 + recent * <f32>0.5;
    if (energy < recent) recent = <f32>0.8 * recent + <f32>0.2 * energy;
  }
  store<f32>(ch + FILTER_LAST, last);
  store<f32>(ch + RECENT, recent);
  store<i32>(ch + ATTACK_AT, found);
  return found >= 0;
}

/** window_sequence of a frame from whether the frames before, now and next are short. */
export function windowSequence(before: bool, now: bool, next: bool): i32 {
  if (now) return EIGHT_SHORT;
  if (before && next) return EIGHT_SHORT; // a start and a stop at once do not exist
  return before ? LONG_STOP_SEQUENCE : next ? LONG_START_SEQUENCE : ONLY_LONG;
}
