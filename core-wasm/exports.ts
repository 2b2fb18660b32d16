/** The ABI as TypeScript sees it; docs/ABI.md describes every function. */
export type CoreExports = {
  readonly memory: WebAssembly.Memory
  abi_version(): number
  config(): number
  state(): number
  required_bytes(): number
  open(): number
  reserve(length: number): number
  push_video(
    address: number,
    length: number,
    ptsMs: number,
    utcMs: number,
    seq: number,
    frameType: number,
  ): number
  push_audio(address: number, length: number, ptsMs: number, utcMs: number, seq: number): number
  flush(why: number): number
  close_fragment(): number
  release(position: number): number
  hold(from: number, to: number): number
  address_of(position: number): number
  slice_address(number: number): number
  unit_address(number: number): number
  frame_address(number: number): number
  audio_buffer(): number
  init_address(id: number): number
  init_length(id: number): number
  count_nal_units(address: number, length: number): number
}
