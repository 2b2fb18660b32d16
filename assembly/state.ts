/** The state block: what the host reads through typed arrays. Layout in abi.ts. */
import { STATE_BYTES } from './abi';

const BLOCK = memory.data(STATE_BYTES, 8);

export function stateAddress(): usize {
  return BLOCK;
}

export function clearState(): void {
  memory.fill(BLOCK, 0, STATE_BYTES);
}

// @ts-ignore: decorator
@inline
export function setI32(offset: i32, value: i32): void {
  store<i32>(BLOCK + offset, value);
}

// @ts-ignore: decorator
@inline
export function getI32(offset: i32): i32 {
  return load<i32>(BLOCK + offset);
}

// @ts-ignore: decorator
@inline
export function setF64(offset: i32, value: f64): void {
  store<f64>(BLOCK + offset, value);
}

// @ts-ignore: decorator
@inline
export function getF64(offset: i32): f64 {
  return load<f64>(BLOCK + offset);
}

// @ts-ignore: decorator
@inline
export function addF64(offset: i32, value: f64): void {
  store<f64>(BLOCK + offset, load<f64>(BLOCK + offset) + value);
}

/** One more of a counter; counters wrap at 2^32. */
// @ts-ignore: decorator
@inline
export function count(offset: i32): void {
  store<i32>(BLOCK + offset, load<i32>(BLOCK + offset) + 1);
}
