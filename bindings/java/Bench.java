import dev.skyrill.Abi;
import dev.skyrill.Channel;
import dev.skyrill.Config;
import dev.skyrill.SkyrillException;
import dev.skyrill.Stamp;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/** Measures pushes: Bench CAMERA SMALL SOUND. What it prints is read by bench/bindings. */
public final class Bench {
  private static final int RING_BYTES = 4 << 20;
  private static final int BATCHES = 25;
  private static final long BATCH_NS = 40_000_000;
  private static final int WARM_UP_BATCHES = 50; // the JVM compiles in tiers
  private static final int SOUND_PUSH = 2 * 1024;
  private static final int SOUND_RATE = 16_000;

  private interface Pass {
    void run() throws SkyrillException;
  }

  /** The fastest of batches of passes: what else runs can only add to it. */
  private static void measure(String name, int perPass, Pass pass) throws SkyrillException {
    double fastest = Double.POSITIVE_INFINITY;
    for (int batch = -WARM_UP_BATCHES; batch < BATCHES; batch++) {
      long start = System.nanoTime();
      int frames = 0;
      for (; System.nanoTime() - start < BATCH_NS; frames += perPass) pass.run();
      if (batch >= 0) fastest = Math.min(fastest, (double) (System.nanoTime() - start) / frames);
    }
    System.out.printf("%s %.1f%n", name, fastest);
  }

  private static final class Clock {
    double ms;
    int seq;

    Stamp next(double step) {
      ms += step;
      return new Stamp(ms, ms, seq++);
    }
  }

  private static void video(String name, String path, int format) throws IOException, SkyrillException {
    ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(Path.of(path))).order(ByteOrder.LITTLE_ENDIAN);
    int count = file.getInt(0);
    ByteBuffer[] frames = new ByteBuffer[count];
    int[] kinds = new int[count];
    for (int i = 0, at = 4 + 8 * count; i < count; i++) {
      int length = file.getInt(4 + 8 * i);
      frames[i] = file.slice(at, length);
      kinds[i] = file.getInt(8 + 8 * i);
      at += length;
    }
    Config config = new Config(RING_BYTES);
    config.format = format;
    Channel channel = Channel.open(config);
    Clock clock = new Clock();
    measure(
        name,
        count,
        () -> {
          for (int i = 0; i < count; i++) {
            channel.pushVideo(frames[i].rewind(), clock.next(40), kinds[i]);
            channel.release(channel.head());
          }
        });
  }

  private static void sound(String path) throws IOException, SkyrillException {
    byte[] file = Files.readAllBytes(Path.of(path));
    Config config = new Config(RING_BYTES);
    config.videoCodec = Abi.VIDEO_NONE;
    config.audioInput = Abi.AUDIO_PCM;
    config.sampleRate = SOUND_RATE;
    config.channels = 1;
    Channel channel = Channel.open(config);
    Clock clock = new Clock();
    measure(
        "aac",
        file.length / SOUND_PUSH,
        () -> {
          for (int at = 0; at + SOUND_PUSH <= file.length; at += SOUND_PUSH) {
            channel.pushAudio(ByteBuffer.wrap(file, at, SOUND_PUSH), clock.next(64));
            channel.release(channel.head());
          }
        });
  }

  public static void main(String[] args) throws IOException, SkyrillException {
    video("ts", args[0], Abi.FORMAT_TS);
    video("fmp4", args[0], Abi.FORMAT_FMP4);
    video("ts-small", args[1], Abi.FORMAT_TS);
    sound(args[2]);
  }
}
