import type { iv_cm_venc_pack_s } from '../types.ts'

/**
 * A picture that a capture driver writes straight into the ring of the channel's core, where it is muxed as it lies: no copy. reserveCsFrame() says where;
 * the driver fills it in, then pushCsStream() takes this object as its pack. One object serves all frames.
 */
export class ReservedFrame implements iv_cm_venc_pack_s {
  /** all of the core's memory, which stays where it is until exitCs(): a native driver may keep its address */
  pu8Addr: Uint8Array = new Uint8Array(0)
  /** where in it the frame is to be written */
  address = 0
  /** bytes of the frame; not more than was reserved */
  u32Len = 0
  u64PTS = 0
  u32Seq = 0
  eFrameType = 0
}
