package dev.skyrill;

import java.nio.ByteBuffer;

/** A video frame in the ring's index. */
public record Frame(double position, double ptsMs, double utcMs, int seq, boolean idr) {

  static Frame read(ByteBuffer memory, int at) {
    return new Frame(
        memory.getDouble(at + Abi.FRAME_POSITION),
        memory.getDouble(at + Abi.FRAME_PTS),
        memory.getDouble(at + Abi.FRAME_UTC),
        memory.getInt(at + Abi.FRAME_SEQ),
        memory.getInt(at + Abi.FRAME_IDR) != 0);
  }
}
