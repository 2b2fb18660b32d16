// Groups of short windows that share scale factors. Spec: 14496-3 4.6.2.3.2
// Windows before the attack, the two that it strikes, and what follows: each group is much the same loudness throughout.

import { shortEdge } from './bands';
import { SHORT, SHORT_WINDOWS } from './frame';
import { ATTACK_WINDOW, BANDS, EDGE, GROUP_LENGTH, GROUPS, MAX_SFB, SPECTRUM } from './state';

const STRUCK: i32 = 2;

/** Groups the eight spectra at `spectra` and puts their lines into the channel's spectrum in coding order. */
export function groupWindows(ch: usize, index: i32, maxSfb: i32, spectra: usize): void {
  const attack = load<i32>(ch + ATTACK_WINDOW);
  const struck = min(STRUCK, SHORT_WINDOWS - attack);
  let groups = 0;
  groups = addGroup(ch, groups, attack);
  groups = addGroup(ch, groups, struck);
  groups = addGroup(ch, groups, SHORT_WINDOWS - attack - struck);
  store<i32>(ch + GROUPS, groups);
  store<i32>(ch + MAX_SFB, maxSfb);
  store<i32>(ch + BANDS, groups * maxSfb);
  sortLines(ch, index, maxSfb, spectra);
}

function addGroup(ch: usize, groups: i32, windows: i32): i32 {
  if (windows == 0) return groups;
  store<u8>(ch + GROUP_LENGTH + groups, <u8>windows);
  return groups + 1;
}

/** Group by group, band by band, window by window. Spec: 14496-3 4.5.2.3.5 */
function sortLines(ch: usize, index: i32, maxSfb: i32, spectra: usize): void {
  let band = 0, line = 0, window = 0;
  for (let g = 0; g < load<i32>(ch + GROUPS); g++) {
    const after = window + <i32>load<u8>(ch + GROUP_LENGTH + g);
    for (let b = 0; b < maxSfb; b++, band++) {
      store<u16>(ch + EDGE + (<usize>band << 1), <u16>line);
      const first = shortEdge(index, b), lines = shortEdge(index, b + 1) - first;
      for (let w = window; w < after; w++, line += lines)
        memory.copy(ch + SPECTRUM + (<usize>line << 2), spectra + (<usize>(SHORT * w + first) << 2), <usize>lines << 2);
    }
    window = after;
  }
  store<u16>(ch + EDGE + (<usize>band << 1), <u16>line);
}
