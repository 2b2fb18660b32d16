/**
 * NAL units of the frame being pushed, in order.
 * ```
 *  entry  [ address u32 | length u32 ]     address of the NAL header byte, length without trailing zeros
 * ```
 */

/**
 * Level limits allow a slice per macroblock row or more; 1024 is beyond every encoder and every
 * conformance stream.
 */
export const MAX_UNITS: i32 = 1024;
const LIST = memory.data(8192, 8); // MAX_UNITS entries

export let unitCount: i32 = 0;

// @ts-ignore: decorator
@inline
export function clearUnits(): void {
  unitCount = 0;
}

/** False when the list is full. */
export function addUnit(at: usize, length: i32): bool {
  if (unitCount == MAX_UNITS) return false;
  const entry = LIST + (unitCount << 3);
  store<u32>(entry, <u32>at);
  store<u32>(entry, length, 4);
  unitCount++;
  return true;
}

// @ts-ignore: decorator
@inline
export function unitAt(index: i32): usize {
  return load<u32>(LIST + (index << 3));
}

// @ts-ignore: decorator
@inline
export function unitLength(index: i32): i32 {
  return load<u32>(LIST + (index << 3), 4);
}

/** All units moved in memory by `distance` bytes. */
export function moveUnits(distance: i32): void {
  for (let index: i32 = 0; index < unitCount; index++) {
    const entry = LIST + (index << 3);
    store<u32>(entry, load<u32>(entry) + distance);
  }
}
