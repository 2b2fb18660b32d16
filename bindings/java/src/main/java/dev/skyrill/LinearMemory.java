package dev.skyrill;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import run.endive.runtime.ConstantEvaluators;
import run.endive.runtime.Instance;
import run.endive.runtime.Memory;
import run.endive.wasm.types.ActiveDataSegment;
import run.endive.wasm.types.DataSegment;
import run.endive.wasm.types.MemoryLimits;
import run.endive.wasm.types.PassiveDataSegment;

/**
 * The core's memory as one array, so that frames are written and output is read in place through ByteBuffers. The engine's own
 * memories are cut into pages and copy at every read. An access outside of it throws IndexOutOfBoundsException.
 */
final class LinearMemory implements Memory {
  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle FLOAT =
      MethodHandles.byteArrayViewVarHandle(float[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle DOUBLE =
      MethodHandles.byteArrayViewVarHandle(double[].class, ByteOrder.LITTLE_ENDIAN);

  private final MemoryLimits limits;
  private byte[] bytes;
  private DataSegment[] segments;

  LinearMemory(MemoryLimits limits) {
    this.limits = limits;
    bytes = new byte[Memory.bytes(limits.initialPages())];
  }

  /** All of it; no longer the memory after grow(), which only open() calls. */
  ByteBuffer view() {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  @Override
  public int pages() {
    return bytes.length / PAGE_SIZE;
  }

  @Override
  public int grow(int size) {
    int before = pages();
    int after = before + size;
    if (size < 0 || after > maximumPages() || after > RUNTIME_MAX_PAGES) return -1;
    bytes = Arrays.copyOf(bytes, Memory.bytes(after));
    return before;
  }

  @Override
  public int initialPages() {
    return limits.initialPages();
  }

  @Override
  public int maximumPages() {
    return Math.min(limits.maximumPages(), RUNTIME_MAX_PAGES);
  }

  @Override
  public void initialize(Instance instance, DataSegment[] dataSegments) {
    segments = dataSegments;
    for (DataSegment segment : dataSegments)
      if (segment instanceof ActiveDataSegment active) {
        int at = (int) ConstantEvaluators.computeConstantValue(instance, active.offsetInstructions())[0];
        write(at, active.data(), 0, active.data().length);
      }
  }

  @Override
  public void initPassiveSegment(int segment, int to, int from, int size) {
    write(to, segments[segment].data(), from, size);
  }

  @Override
  public void drop(int segment) {
    segments[segment] = PassiveDataSegment.EMPTY;
  }

  @Override
  public void write(int to, byte[] data, int offset, int size) {
    System.arraycopy(data, offset, bytes, to, size);
  }

  @Override
  public void copy(int to, int from, int size) {
    System.arraycopy(bytes, from, bytes, to, size);
  }

  @Override
  public void fill(byte value, int from, int to) {
    Arrays.fill(bytes, from, to, value);
  }

  @Override
  public void zero() {
    Arrays.fill(bytes, (byte) 0);
  }

  @Override
  public byte read(int at) {
    return bytes[at];
  }

  @Override
  public byte[] readBytes(int at, int length) {
    return Arrays.copyOfRange(bytes, at, at + length);
  }

  @Override
  public void writeByte(int at, byte value) {
    bytes[at] = value;
  }

  @Override
  public short readShort(int at) {
    return (short) SHORT.get(bytes, at);
  }

  @Override
  public long readU16(int at) {
    return readShort(at) & 0xffff;
  }

  @Override
  public void writeShort(int at, short value) {
    SHORT.set(bytes, at, value);
  }

  @Override
  public int readInt(int at) {
    return (int) INT.get(bytes, at);
  }

  @Override
  public void writeI32(int at, int value) {
    INT.set(bytes, at, value);
  }

  @Override
  public long readLong(int at) {
    return (long) LONG.get(bytes, at);
  }

  @Override
  public void writeLong(int at, long value) {
    LONG.set(bytes, at, value);
  }

  @Override
  public float readFloat(int at) {
    return (float) FLOAT.get(bytes, at);
  }

  @Override
  public long readF32(int at) {
    return readInt(at);
  }

  @Override
  public void writeF32(int at, float value) {
    FLOAT.set(bytes, at, value);
  }

  @Override
  public double readDouble(int at) {
    return (double) DOUBLE.get(bytes, at);
  }

  @Override
  public long readF64(int at) {
    return readLong(at);
  }

  @Override
  public void writeF64(int at, double value) {
    DOUBLE.set(bytes, at, value);
  }

  // ── threads: the scalar build shares no memory ────────────────────────────────────────────────────────────────────

  @Override
  public boolean shared() {
    return false;
  }

  @Override
  public Object lock(int address) {
    throw new UnsupportedOperationException("the core's memory is not shared");
  }

  @Override
  public int waitOn(int address, int expected, long timeout) {
    throw new UnsupportedOperationException("the core's memory is not shared");
  }

  @Override
  public int waitOn(int address, long expected, long timeout) {
    throw new UnsupportedOperationException("the core's memory is not shared");
  }

  @Override
  public int notify(int address, int maxThreads) {
    return 0;
  }
}
