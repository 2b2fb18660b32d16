// When to use short windows: an attack whose coding noise would be heard before it. The energy of the upper part of the
// signal, in steps of 128 samples, is compared with what came before.

import { EIGHT_SHORT, FRAME, LONG_START_SEQUENCE, LONG_STOP_SEQUENCE, ONLY_LONG, SHORT } from './frame';
import {
  ATTACK_WINDOW, channel, INPUT, IS_SHORT, LAST_ATTACK, LAST_SAMPLE, LATE_WINDOW, NEXT_SHORT, NEXT_WINDOW, RECENT_ENERGY, SEQUENCE,
  WAS_SHORT
} from './state';

/** Below this energy nothing is an attack: differences of about 30 steps of 16-bit samples. */
const QUIET: f32 = 128 * 900;

/** An attack has this many times the energy of what came before. */
const ATTACK_RATIO: f32 = 5;

const STEPS = 8; // FRAME / SHORT

/**
 * Short window w of a frame spans samples 448 + 128 w to 704 + 128 w of its two blocks. An attack in the first half of the
 * newest block falls into window 4 + step of the next frame, one in the second half into window step - 4 of the frame
 * after that, while a start window keeps it out of the frame before.
 */
const LATE_STEP = 4;

export function switchInit(channels: i32): void {
  for (let c = 0; c < channels; c++) store<i32>(channel(c) + LATE_WINDOW, -1);
}

/** Listens to the newest block and sets SEQUENCE of this frame; all channels switch together. */
export function switchBlocks(channels: i32): void {
  const lead = channel(0);
  store<i32>(lead + WAS_SHORT, load<i32>(lead + IS_SHORT));
  store<i32>(lead + IS_SHORT, load<i32>(lead + NEXT_SHORT));
  store<i32>(lead + ATTACK_WINDOW, load<i32>(lead + NEXT_WINDOW));
  let next = load<i32>(lead + LATE_WINDOW);
  let late = -1;
  for (let c = 0; c < channels; c++) {
    const steps = attackSteps(channel(c));
    const early = steps & 15;
    if (early != 0 && next < 0) next = LATE_STEP + ctz(early);
    if (steps > 15 && late < 0) late = ctz(steps >> LATE_STEP);
  }
  store<i32>(lead + NEXT_SHORT, <i32>(next >= 0));
  store<i32>(lead + NEXT_WINDOW, next);
  store<i32>(lead + LATE_WINDOW, late);
  const sequence = windowSequence(load<i32>(lead + WAS_SHORT) != 0, load<i32>(lead + IS_SHORT) != 0, next >= 0);
  if (sequence == EIGHT_SHORT && load<i32>(lead + IS_SHORT) == 0) {
    store<i32>(lead + IS_SHORT, 1);
    store<i32>(lead + ATTACK_WINDOW, 0);
  }
  for (let c = 0; c < channels; c++) {
    store<i32>(channel(c) + SEQUENCE, sequence);
    store<i32>(channel(c) + ATTACK_WINDOW, load<i32>(lead + ATTACK_WINDOW));
  }
}

/** Bit per step of the newest block in which an attack begins. */
function attackSteps(ch: usize): i32 {
  let at = ch + INPUT + 2 * FRAME * 4;
  let last = load<f32>(ch + LAST_SAMPLE);
  let recent = load<f32>(ch + RECENT_ENERGY);
  let striking = load<i32>(ch + LAST_ATTACK) != 0;
  let found = 0;
  for (let step = 0; step < STEPS; step++) {
    let energy: f32 = 0;
    for (let i = 0; i < SHORT; i++, at += 4) {
      const x = load<f32>(at);
      const h = x - last;
      last = x;
      energy += h * h;
    }
    // an attack that begins late in one step goes on growing in the next
    striking = !striking && energy > QUIET && energy > ATTACK_RATIO * recent;
    if (striking) found |= 1 << step;
    recent = energy > recent ? energy : <f32>0.75 * recent + <f32>0.25 * energy;
  }
  store<i32>(ch + LAST_ATTACK, <i32>striking);
  store<f32>(ch + LAST_SAMPLE, last);
  store<f32>(ch + RECENT_ENERGY, recent);
  return found;
}

/** window_sequence of a frame, from whether the frames before, now and next are short. Spec: 14496-3 4.6.11.2 */
export function windowSequence(before: bool, now: bool, next: bool): i32 {
  if (now || (before && next)) return EIGHT_SHORT; // a stop and a start in one do not exist
  return before ? LONG_STOP_SEQUENCE : next ? LONG_START_SEQUENCE : ONLY_LONG;
}
