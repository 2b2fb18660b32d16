package dev.skyrill;

import java.nio.ByteBuffer;

/** A GOP (TS) or a fragment (fMP4). */
public record Unit(
    double start,
    double end,
    double utcMs,
    double ptsMs,
    double durationMs,
    int slice,
    boolean idr,
    boolean closed,
    int videoFrames) {

  static Unit read(ByteBuffer memory, int at) {
    return new Unit(
        memory.getDouble(at + Abi.UNIT_START),
        memory.getDouble(at + Abi.UNIT_END),
        memory.getDouble(at + Abi.UNIT_UTC),
        memory.getDouble(at + Abi.UNIT_PTS),
        memory.getDouble(at + Abi.UNIT_DURATION),
        memory.getInt(at + Abi.UNIT_SLICE),
        memory.getInt(at + Abi.UNIT_IDR) != 0,
        memory.getInt(at + Abi.UNIT_CLOSED) != 0,
        memory.getInt(at + Abi.UNIT_FRAMES));
  }
}
