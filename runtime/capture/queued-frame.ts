import type { iv_cm_venc_pack_s } from '../types.ts'

/** A frame that lies in the memory of the channel's core, as a pack of pushCsStream: one object, filled in anew for each. */
export class QueuedFrame implements iv_cm_venc_pack_s {
  /** all of the core's memory; the frame is u32Len bytes from `address` on */
  readonly pu8Addr: Uint8Array
  address = 0
  u32Len = 0
  u64PTS = 0
  u32Seq = 0
  eFrameType = 0
  /** as in iv_cm_stream_type_e */
  kind = 0

  constructor(memory: Uint8Array) {
    this.pu8Addr = memory
  }
}
