package dev.skyrill;

import dev.skyrill.core.CoreModule;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.Optional;
import java.util.function.BiFunction;
import run.endive.runtime.ExportFunction;
import run.endive.runtime.Instance;

/**
 * One channel: one instance of the core. Pushes return the core's notice (0: none) and throw {@link SkyrillException} when it
 * refuses. Calls of one channel must not overlap; channels are independent of each other. There is nothing to close.
 */
public final class Channel {
  private final ByteBuffer memory;
  private final int state;
  private final int ring;
  private final int ringSize;
  private final int audio;
  private final ExportFunction reserve;
  private final ExportFunction pushVideo;
  private final ExportFunction pushAudio;
  private final ExportFunction flush;
  private final ExportFunction closeFragment;
  private final ExportFunction release;
  private final ExportFunction hold;
  private final ExportFunction sliceAddress;
  private final ExportFunction unitAddress;
  private final ExportFunction frameAddress;
  private final ExportFunction initAddress;
  private final ExportFunction initLength;
  private int reserved;
  private int drainSlice;
  private int lastInit = -1;

  private Channel(Instance instance) {
    memory = ((LinearMemory) instance.memory()).view();
    state = ask(instance, "state");
    ring = stateInt(Abi.STATE_RING_ADDRESS);
    ringSize = stateInt(Abi.STATE_RING_SIZE);
    audio = ask(instance, "audio_buffer");
    reserve = instance.export("reserve");
    pushVideo = instance.export("push_video");
    pushAudio = instance.export("push_audio");
    flush = instance.export("flush");
    closeFragment = instance.export("close_fragment");
    release = instance.export("release");
    hold = instance.export("hold");
    sliceAddress = instance.export("slice_address");
    unitAddress = instance.export("unit_address");
    frameAddress = instance.export("frame_address");
    initAddress = instance.export("init_address");
    initLength = instance.export("init_length");
  }

  private static int ask(Instance instance, String name) {
    return (int) instance.export(name).apply()[0];
  }

  /** Opens a channel; a configuration out of range is refused. */
  public static Channel open(Config config) throws SkyrillException {
    Instance instance =
        Instance.builder(CoreModule.load())
            .withMachineFactory(CoreModule::create)
            .withMemoryFactory(LinearMemory::new)
            .build();
    int version = ask(instance, "abi_version");
    if (version != Abi.ABI_VERSION)
      throw new IllegalStateException(
          "the core has ABI version " + version + ", this package needs " + Abi.ABI_VERSION);
    ByteBuffer before = ((LinearMemory) instance.memory()).view();
    int at = ask(instance, "config");
    for (int field : config.block()) {
      before.putInt(at, field);
      at += Integer.BYTES;
    }
    int status = ask(instance, "open");
    if (status < 0) throw new SkyrillException(status, 0);
    return new Channel(instance);
  }

  private int answer(long[] results) throws SkyrillException {
    int status = (int) results[0];
    if (status >= 0) return status;
    boolean room = status == Abi.RING_FULL || status == Abi.RING_TOO_SMALL;
    throw new SkyrillException(status, room ? stateInt(Abi.STATE_SHORTFALL) : 0);
  }

  private static long bits(double value) {
    return Double.doubleToRawLongBits(value);
  }

  // ── in ────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** One access unit (Annex B), the buffer's remaining bytes: one copy, into the ring. */
  public int pushVideo(ByteBuffer frame, Stamp at, int frameType) throws SkyrillException {
    int length = frame.remaining();
    roomFor(length).put(frame);
    return pushReserved(length, at, frameType);
  }

  private ByteBuffer roomFor(int length) throws SkyrillException {
    try {
      return reserve(length);
    } catch (SkyrillException refused) {
      if (refused.status() != Abi.RING_RETRY) throw refused;
      return reserve(length);
    }
  }

  /**
   * Room inside the ring for a frame; write it there, then call pushReserved. Valid until the next call. RING_RETRY: a fragment
   * was closed to make room; call again, before or after reading it.
   */
  public ByteBuffer reserve(int length) throws SkyrillException {
    reserved = answer(reserve.apply(length));
    return memory.slice(reserved, length);
  }

  /** Muxes the frame of {@code length} bytes at the start of the reserved room, in place. */
  public int pushReserved(int length, Stamp at, int frameType) throws SkyrillException {
    return answer(
        pushVideo.apply(reserved, length, bits(at.ptsMs()), bits(at.utcMs()), at.seq(), frameType));
  }

  /** ADTS frames, or 1024 samples per channel of PCM (16 bit, little-endian) or G.711: the buffer's remaining bytes. */
  public int pushAudio(ByteBuffer frame, Stamp at) throws SkyrillException {
    int length = frame.remaining();
    if (length > Abi.AUDIO_INPUT_BYTES) throw new SkyrillException(Abi.AUDIO_LENGTH, 0);
    memory.slice(audio, length).put(frame);
    return answer(pushAudio.apply(audio, length, bits(at.ptsMs()), bits(at.utcMs()), at.seq()));
  }

  /** Ends the open slice: CLOSED_STOP, CLOSED_PAUSE, CLOSED_CLOCK or CLOSED_FORMAT. */
  public int flush(int why) throws SkyrillException {
    return answer(flush.apply(why));
  }

  /** To be called after a second without frames: what waits becomes visible. */
  public int closeFragment() throws SkyrillException {
    return answer(closeFragment.apply());
  }

  // ── out ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** End of what may be read, as a position: bytes since open. */
  public double head() {
    return stateDouble(Abi.STATE_HEAD);
  }

  /** Start of what is still in the ring. */
  public double tail() {
    return stateDouble(Abi.STATE_TAIL);
  }

  /**
   * First contiguous part of [from, to), a view valid until it is released; ask again for the rest. Empty for what does not lie in
   * [tail, head).
   */
  public ByteBuffer piece(double from, double to) {
    if (!(tail() <= from && from < to && to <= head())) return memory.slice(ring, 0).asReadOnlyBuffer();
    int offset = (int) ((long) (from - stateDouble(Abi.STATE_ORIGIN)) % ringSize);
    int length = (int) Math.min(to - from, ringSize - offset);
    return memory.slice(ring + offset, length).asReadOnlyBuffer();
  }

  /** Ends the use of everything below {@code position}. */
  public void release(double position) throws SkyrillException {
    answer(release.apply(bits(position)));
  }

  /** Keeps [from, to) from eviction while a request is in flight; (0, 0) ends it. */
  public void hold(double from, double to) throws SkyrillException {
    answer(hold.apply(bits(from), bits(to)));
  }

  /**
   * Writes everything up to {@code position} and releases it: a file as it grows. With fMP4 the init segment goes in front.
   * The sink blocks until it has taken what it is given.
   *
   * @return the bytes written
   */
  public long drain(WritableByteChannel sink, double position) throws IOException, SkyrillException {
    long written = 0;
    double from = tail();
    while (from < position) {
      Slice slice = sliceAt(from);
      if (slice.init() >= 0 && slice.init() != lastInit) {
        written += writeAll(sink, initSegment(slice.init()));
        lastInit = slice.init();
      }
      ByteBuffer piece = piece(from, Math.min(position, slice.end()));
      if (!piece.hasRemaining()) throw new SkyrillException(Abi.RING_POSITION, 0);
      int length = writeAll(sink, piece);
      written += length;
      from += length;
      release(from);
    }
    return written;
  }

  private static int writeAll(WritableByteChannel sink, ByteBuffer bytes) throws IOException {
    int length = bytes.remaining();
    while (bytes.hasRemaining()) sink.write(bytes);
    return length;
  }

  private Slice sliceAt(double position) throws SkyrillException {
    for (; drainSlice < stateInt(Abi.STATE_NEXT_SLICE); drainSlice++) {
      Slice slice = slice(drainSlice).orElse(null);
      if (slice != null && position < slice.end()) return slice;
    }
    throw new SkyrillException(Abi.RING_POSITION, 0);
  }

  /** Init segment (fMP4) with this id, a view. A slice's file is its init segment and its bytes. */
  public ByteBuffer initSegment(int id) {
    int at = (int) initAddress.apply(id)[0];
    return memory.slice(at, (int) initLength.apply(id)[0]).asReadOnlyBuffer();
  }

  // ── records and state ─────────────────────────────────────────────────────────────────────────────────────────────

  private <R> Optional<R> record(ExportFunction address, int number, BiFunction<ByteBuffer, Integer, R> read) {
    int at = (int) address.apply(number)[0];
    return at == 0 ? Optional.empty() : Optional.of(read.apply(memory, at));
  }

  /** Slice of the table; numbers run from STATE_FIRST_SLICE to below STATE_NEXT_SLICE. */
  public Optional<Slice> slice(int number) {
    return record(sliceAddress, number, Slice::read);
  }

  /** Unit of the table; numbers run from STATE_FIRST_UNIT to below STATE_NEXT_UNIT. */
  public Optional<Unit> unit(int number) {
    return record(unitAddress, number, Unit::read);
  }

  /** Frame of the index; numbers run from STATE_FIRST_FRAME to below STATE_NEXT_FRAME. */
  public Optional<Frame> frame(int number) {
    return record(frameAddress, number, Frame::read);
  }

  /** A 32-bit field of the state block: STATE_RING_ADDRESS and those behind it. */
  public int stateInt(int offset) {
    return memory.getInt(state + offset);
  }

  /** A 64-bit field of the state block: those before STATE_RING_ADDRESS. */
  public double stateDouble(int offset) {
    return memory.getDouble(state + offset);
  }
}
