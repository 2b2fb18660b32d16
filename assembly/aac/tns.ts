import { TNS_ORDER } from './state';
export function tnsPresent(ch: usize): bool { return load<i32>(ch + TNS_ORDER) > 0; }
export function putTns(ch: usize): void {}
