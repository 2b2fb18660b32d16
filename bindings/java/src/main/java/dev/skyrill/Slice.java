package dev.skyrill;

import java.nio.ByteBuffer;

/**
 * A file that plays by itself. Positions are bytes since open; the end grows while the slice is open.
 *
 * @param closed CLOSED_* reason, 0 while open
 * @param tracks TRACK_* bits
 * @param init id of its init segment, -1 with TS
 */
public record Slice(
    int number,
    double start,
    double end,
    double lostBytes,
    double utcMsA,
    double utcMsB,
    double ptsMsA,
    double ptsMsB,
    int seqA,
    int seqB,
    int videoFrames,
    int audioFrames,
    int closed,
    boolean discontinuity,
    int tracks,
    int init) {

  static Slice read(ByteBuffer memory, int at) {
    return new Slice(
        memory.getInt(at + Abi.SLICE_NUMBER),
        memory.getDouble(at + Abi.SLICE_START),
        memory.getDouble(at + Abi.SLICE_END),
        memory.getDouble(at + Abi.SLICE_LOST),
        memory.getDouble(at + Abi.SLICE_UTC_A),
        memory.getDouble(at + Abi.SLICE_UTC_B),
        memory.getDouble(at + Abi.SLICE_PTS_A),
        memory.getDouble(at + Abi.SLICE_PTS_B),
        memory.getInt(at + Abi.SLICE_SEQ_A),
        memory.getInt(at + Abi.SLICE_SEQ_B),
        memory.getInt(at + Abi.SLICE_VIDEO_FRAMES),
        memory.getInt(at + Abi.SLICE_AUDIO_FRAMES),
        memory.getInt(at + Abi.SLICE_CLOSED),
        memory.getInt(at + Abi.SLICE_DISCONTINUITY) != 0,
        memory.getInt(at + Abi.SLICE_TRACKS),
        memory.getInt(at + Abi.SLICE_INIT));
  }
}
