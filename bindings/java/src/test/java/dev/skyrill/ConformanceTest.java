package dev.skyrill;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Runs tests/conformance; its README says what each step does. */
class ConformanceTest {
  private static final Path FOLDER = Path.of("../../tests/conformance");
  private static final int FRAME_MS = 40;
  private static final JsonObject FILE = read();
  private static final byte[] DATA = bytes(FILE.getAsJsonObject("data").get("file").getAsString());

  private static JsonObject read() {
    return new Gson().fromJson(new String(bytes("vectors.json")), JsonObject.class);
  }

  private static byte[] bytes(String name) {
    try {
      return Files.readAllBytes(FOLDER.resolve(name));
    } catch (IOException error) {
      throw new IllegalStateException(error);
    }
  }

  private static ByteBuffer piece(String name) {
    JsonArray range = FILE.getAsJsonObject("data").getAsJsonObject("pieces").getAsJsonArray(name);
    return ByteBuffer.wrap(DATA, range.get(0).getAsInt(), range.get(1).getAsInt());
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException error) {
      throw new IllegalStateException(error);
    }
  }

  private static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }

  private static Config config(JsonObject c) {
    Config config = new Config(c.get("ringBytes").getAsInt());
    config.format = c.get("format").getAsInt();
    config.videoCodec = c.get("videoCodec").getAsInt();
    config.audioInput = c.get("audioInput").getAsInt();
    config.sampleRate = c.get("sampleRate").getAsInt();
    config.channels = c.get("channels").getAsInt();
    config.audioBitRate = c.get("audioBitRate").getAsInt();
    config.nominalFps = c.get("nominalFps").getAsInt();
    config.sliceMinMs = c.get("sliceMinMs").getAsInt();
    config.sliceMaxMs = c.get("sliceMaxMs").getAsInt();
    config.fullPolicy = c.get("fullPolicy").getAsInt();
    return config;
  }

  private interface Call {
    int run() throws SkyrillException;
  }

  private static int answer(Call call) {
    try {
      return call.run();
    } catch (SkyrillException refused) {
      return refused.status();
    }
  }

  /** xorshift32. */
  private static final class Numbers {
    private int state;

    Numbers(long seed) {
      state = (int) seed;
    }

    /** Next number modulo {@code n}, unsigned. */
    int below(int n) {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return Integer.remainderUnsigned(state, n);
    }
  }

  private static ByteBuffer damage(ByteBuffer piece, Numbers numbers) {
    int length = piece.remaining();
    if (numbers.below(4) == 0) length = numbers.below(length + 1);
    byte[] copy = new byte[length];
    piece.get(copy);
    int changes = 1 + numbers.below(8);
    for (int i = 0; i < changes && length > 0; i++) {
      int at = numbers.below(length);
      copy[at] = (byte) numbers.below(256);
    }
    return ByteBuffer.wrap(copy);
  }

  /** One vector on one channel. */
  private static final class Run implements WritableByteChannel {
    final Channel channel;
    final MessageDigest stream = sha256();
    final List<String> slices = new ArrayList<>();
    final List<String> units = new ArrayList<>();
    long bytes;
    private ByteBuffer room;

    Run(Channel channel) {
      this.channel = channel;
    }

    @Override
    public int write(ByteBuffer data) {
      int length = data.remaining();
      stream.update(data);
      bytes += length;
      return length;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}

    void drain(int limit) {
      double head = channel.head();
      try {
        channel.drain(this, limit > 0 ? Math.min(head, channel.tail() + limit) : head);
      } catch (IOException | SkyrillException error) {
        throw new AssertionError(error);
      }
      collect();
    }

    void collect() {
      for (Slice s = next(slices.size()); s != null && s.closed() != 0; s = next(slices.size()))
        slices.add(
            String.format(
                "%d %.0f %.0f %.0f %.0f %.0f %.0f %.0f %d %d %d %d %d %d %d %d",
                s.number(), s.start(), s.end(), s.lostBytes(), s.utcMsA(), s.utcMsB(), s.ptsMsA(), s.ptsMsB(), s.seqA(),
                s.seqB(), s.videoFrames(), s.audioFrames(), s.closed(), s.discontinuity() ? 1 : 0, s.tracks(), s.init()));
      for (Unit u = nextUnit(); u != null && u.closed(); u = nextUnit())
        units.add(
            String.format(
                "%.0f %.0f %.0f %.0f %.0f %d %d %d",
                u.start(), u.end(), u.utcMs(), u.ptsMs(), Math.floor(u.durationMs() * 1000 + 0.5), u.slice(),
                u.idr() ? 1 : 0, u.videoFrames()));
    }

    private Slice next(int number) {
      return channel.slice(number).orElse(null);
    }

    private Unit nextUnit() {
      return channel.unit(units.size()).orElse(null);
    }

    int step(JsonObject step) {
      String data = step.has("data") ? step.get("data").getAsString() : "";
      return switch (step.get("do").getAsString()) {
        case "video" -> answer(() -> channel.pushVideo(piece(data), stamp(step), step.get("type").getAsInt()));
        case "audio" -> answer(() -> channel.pushAudio(piece(data), stamp(step)));
        case "reserve" ->
            answer(
                () -> {
                  room = channel.reserve(step.get("bytes").getAsInt());
                  return 0;
                });
        case "commit" -> {
          ByteBuffer frame = piece(data);
          int length = frame.remaining();
          room.put(frame);
          yield answer(() -> channel.pushReserved(length, stamp(step), step.get("type").getAsInt()));
        }
        case "flush" -> answer(() -> channel.flush(step.get("why").getAsInt()));
        case "closeFragment" -> answer(channel::closeFragment);
        case "hold" ->
            answer(
                () -> {
                  channel.hold(step.get("from").getAsDouble(), step.get("to").getAsDouble());
                  return 0;
                });
        case "release" ->
            answer(
                () -> {
                  channel.release(step.get("position").getAsDouble());
                  return 0;
                });
        case "drain" -> {
          drain(step.get("bytes").getAsInt());
          yield 0;
        }
        case "mutate" -> {
          assertEquals(step.get("sha256").getAsString(), mutate(step), "statuses of damaged frames");
          yield 0;
        }
        default -> throw new AssertionError(step);
      };
    }

    private static Stamp stamp(JsonObject step) {
      return new Stamp(step.get("pts").getAsDouble(), step.get("utc").getAsDouble(), step.get("seq").getAsInt());
    }

    private String mutate(JsonObject step) {
      Numbers numbers = new Numbers(step.get("seed").getAsLong());
      MessageDigest statuses = sha256();
      JsonArray pieces = step.getAsJsonArray("pieces");
      Stamp first = stamp(step);
      for (int i = 0; i < step.get("count").getAsInt(); i++) {
        int kind = i % pieces.size();
        ByteBuffer frame = damage(piece(pieces.get(kind).getAsString()), numbers);
        double later = FRAME_MS * i;
        Stamp at = new Stamp(first.ptsMs() + later, first.utcMs() + later, first.seq() + i);
        int status = answer(() -> channel.pushVideo(frame, at, kind == 0 ? Abi.FRAME_I : Abi.FRAME_P));
        statuses.update(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(0, status));
        drain(0);
      }
      return hex(statuses);
    }
  }

  private static void check(JsonObject vector) throws SkyrillException {
    Config config = config(vector.getAsJsonObject("config"));
    int open = vector.get("open").getAsInt();
    if (open != 0) {
      assertEquals(open, assertThrows(SkyrillException.class, () -> Channel.open(config)).status());
      return;
    }
    Run run = new Run(Channel.open(config));
    int index = 0;
    for (JsonElement element : vector.getAsJsonArray("steps")) {
      JsonObject step = element.getAsJsonObject();
      int expected = step.has("status") ? step.get("status").getAsInt() : 0;
      assertEquals(expected, run.step(step), "step " + index++ + " " + step);
    }
    run.collect();
    JsonObject expect = vector.getAsJsonObject("expect");
    assertEquals(texts(expect.getAsJsonArray("slices")), run.slices);
    assertEquals(texts(expect.getAsJsonArray("units")), run.units);
    assertEquals(expect.getAsJsonObject("stream").get("bytes").getAsLong(), run.bytes);
    assertEquals(expect.getAsJsonObject("stream").get("sha256").getAsString(), hex(run.stream));
    for (JsonElement element : expect.getAsJsonArray("state")) {
      JsonArray field = element.getAsJsonArray();
      int offset = field.get(0).getAsInt();
      double got = field.get(1).getAsString().equals("i32") ? run.channel.stateInt(offset) : run.channel.stateDouble(offset);
      assertEquals(field.get(2).getAsDouble(), got, field.get(3).getAsString());
    }
  }

  private static List<String> texts(JsonArray array) {
    List<String> texts = new ArrayList<>();
    array.forEach(element -> texts.add(element.getAsString()));
    return texts;
  }

  @TestFactory
  Stream<DynamicTest> vectors() {
    assertEquals(Abi.ABI_VERSION, FILE.get("abi").getAsInt());
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonElement element : FILE.getAsJsonArray("vectors")) {
      JsonObject vector = element.getAsJsonObject();
      tests.add(dynamicTest(vector.get("name").getAsString(), () -> check(vector)));
    }
    return tests.stream();
  }

  /** Whatever it is given, the core refuses or takes it: no trap, no other exception. */
  @Test
  void nonsenseGivesStatuses() throws SkyrillException {
    double[] numbers = {0, 1, -1, 188, 65536, 1e300, -1e300, Double.NaN, Double.POSITIVE_INFINITY};
    int[] whole = {0, 1, -1, 188, 4096, 65536, Integer.MAX_VALUE, Integer.MIN_VALUE};
    Numbers next = new Numbers(1);
    for (int format : new int[] {Abi.FORMAT_TS, Abi.FORMAT_FMP4}) {
      Config config = new Config(65536);
      config.format = format;
      config.audioInput = Abi.AUDIO_G711A;
      config.sampleRate = 8000;
      config.channels = 1;
      Channel channel = Channel.open(config);
      for (int turn = 0; turn < 3000; turn++) {
        double a = numbers[next.below(numbers.length)];
        double b = numbers[next.below(numbers.length)];
        int n = whole[next.below(whole.length)];
        int m = whole[next.below(whole.length)];
        ByteBuffer frame = damage(piece("h264.idr"), next);
        Stamp now = new Stamp(turn * 40.0, turn * 40.0, turn);
        Stamp any = new Stamp(a, b, n);
        int kind = next.below(11);
        int status =
            answer(
                () -> {
                  switch (kind) {
                    case 0 -> channel.pushVideo(frame, now, Abi.FRAME_I);
                    case 1 -> channel.pushVideo(frame, any, m);
                    case 2 -> channel.pushAudio(frame, any);
                    case 3 -> channel.reserve(n);
                    case 4 -> channel.pushReserved(n, any, m);
                    case 5 -> channel.flush(n);
                    case 6 -> channel.release(a);
                    case 7 -> channel.hold(a, b);
                    case 8 -> channel.initSegment(n);
                    case 9 -> channel.slice(n).or(() -> channel.slice(m));
                    default -> channel.piece(a, b);
                  }
                  return 0;
                });
        assertEquals(true, status == 0 || Abi.statusName(status) != null, "status " + status);
      }
    }
  }

  @Test
  void outputCannotBeWritten() throws SkyrillException {
    Channel channel = Channel.open(new Config(65536));
    channel.pushVideo(piece("h264.idr"), new Stamp(0, 0, 0), Abi.FRAME_I);
    ByteBuffer output = channel.piece(channel.tail(), channel.head());
    assertThrows(java.nio.ReadOnlyBufferException.class, () -> output.put((byte) 0));
  }

  @Test
  void refusalNamesItsStatusAndWhatIsMissing() throws SkyrillException {
    Channel channel = Channel.open(new Config(65536));
    SkyrillException refused = assertThrows(SkyrillException.class, () -> channel.reserve(1_000_000));
    assertEquals(Abi.RING_TOO_SMALL, refused.status());
    assertEquals(true, refused.shortfall() > 900_000, refused.getMessage());
  }
}
