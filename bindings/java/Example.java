import dev.skyrill.Abi;
import dev.skyrill.Channel;
import dev.skyrill.Config;
import dev.skyrill.SkyrillException;
import dev.skyrill.Stamp;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Records a raw H.264 file (25 pictures a second) and a PCM file (16 bit, 8 kHz, mono) into a .ts or .mp4 file. */
public final class Example {
  private static final int FRAME_MS = 40;
  private static final int RATE = 8000;
  private static final int PUSH_BYTES = 2 * 1024; // 1024 samples
  private static final double UTC_START = 1_700_000_000_000.0;

  private static boolean idr;

  /** Cuts where, after a slice, a parameter set, SEI, delimiter or first slice begins. */
  private static int accessUnit(byte[] stream, int from) {
    boolean slice = false;
    idr = false;
    for (int at = from; at + 4 < stream.length; at++) {
      if (stream[at] != 0 || stream[at + 1] != 0 || stream[at + 2] != 1) continue;
      int kind = stream[at + 3] & 31;
      boolean isSlice = kind == 1 || kind == 5;
      if (slice && ((kind >= 6 && kind <= 9) || (isSlice && (stream[at + 4] & 0x80) != 0)))
        return stream[at - 1] == 0 ? at - 1 : at;
      slice |= isSlice;
      idr |= kind == 5;
    }
    return stream.length;
  }

  public static void main(String[] args) throws IOException, SkyrillException {
    byte[] video = Files.readAllBytes(Path.of(args[0]));
    byte[] audio = Files.readAllBytes(Path.of(args[1]));
    Config config = new Config(512 * 1024);
    config.format = args[2].endsWith(".mp4") ? Abi.FORMAT_FMP4 : Abi.FORMAT_TS;
    config.audioInput = Abi.AUDIO_PCM;
    config.sampleRate = RATE;
    config.channels = 1;
    Channel channel = Channel.open(config);
    int heard = 0; // audio bytes so far
    int picture = 0;
    try (FileChannel out =
        FileChannel.open(
            Path.of(args[2]),
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      for (int from = 0, end; from < video.length; from = end, picture++) {
        end = accessUnit(video, from);
        double pts = picture * FRAME_MS;
        ByteBuffer frame = ByteBuffer.wrap(video, from, end - from);
        channel.pushVideo(frame, new Stamp(pts, UTC_START + pts, picture), idr ? Abi.FRAME_I : Abi.FRAME_P);
        for (; heard + PUSH_BYTES <= audio.length; heard += PUSH_BYTES) {
          double ms = heard / 2 * 1000.0 / RATE;
          if (ms > pts) break;
          channel.pushAudio(ByteBuffer.wrap(audio, heard, PUSH_BYTES), new Stamp(ms, UTC_START + ms, heard));
        }
        channel.drain(out, channel.head());
      }
      channel.flush(Abi.CLOSED_STOP);
      channel.drain(out, channel.head());
    }
  }
}
