/** Removes emulation_prevention_three_byte. Spec: H.264 7.3.1, H.265 7.3.1.1 */

/**
 * Largest parameter set that is parsed; real ones are below 200 bytes, scaling lists add up to
 * about 800.
 */
export const RBSP_MAX: i32 = 1024;
const SCRATCH = memory.data(1024, 8);

export function rbspAddress(): usize {
  return SCRATCH;
}

/**
 * Copies at most RBSP_MAX bytes of payload without emulation prevention into the scratch; returns
 * their number.
 */
export function unescape(from: usize, end: usize): i32 {
  let written: i32 = 0;
  let zeros: i32 = 0;
  while (from < end && written < RBSP_MAX) {
    const byte = load<u8>(from++);
    if (zeros >= 2 && byte == 3) {
      zeros = 0;
      continue;
    }
    zeros = byte == 0 ? zeros + 1 : 0;
    store<u8>(SCRATCH + written, byte);
    written++;
  }
  return written;
}
