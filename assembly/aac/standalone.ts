export * from './exports';
import { TUNE } from './tuning';
import { lastPrice, passes } from './encoder';
export function setTune(i: i32, v: f32): void { store<f32>(TUNE + (<usize>i << 2), v); }
export function getPasses(): i32 { return passes; }
export function getPrice(): f32 { return lastPrice; }
