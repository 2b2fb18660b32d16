/* Records a raw H.264 file (25 pictures a second) and a PCM file (16 bit, 8 kHz, mono) into a .ts or .mp4 file. */
#include <skyrill_channel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RING_BYTES (512 * 1024)
#define FRAME_MS 40
#define RATE 8000
#define SAMPLES 1024
#define UTC_START 1700000000000.0

static unsigned char *read_file(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  unsigned char *bytes;
  if (file == NULL) {
    perror(path);
    exit(1);
  }
  fseek(file, 0, SEEK_END);
  *length = (size_t)ftell(file);
  rewind(file);
  bytes = malloc(*length);
  if (fread(bytes, 1, *length, file) != *length) exit(1);
  fclose(file);
  return bytes;
}

/* Length of the access unit at `p`: it ends where, after a slice, a parameter set, SEI, delimiter or first slice begins. */
static size_t access_unit(const unsigned char *p, size_t length, int *idr) {
  int slice = 0;
  *idr = 0;
  for (size_t i = 0; i + 4 < length; i++) {
    if (p[i] != 0 || p[i + 1] != 0 || p[i + 2] != 1) continue;
    const int type = p[i + 3] & 31, is_slice = type == 1 || type == 5, first = is_slice && (p[i + 4] & 0x80);
    if (slice && (first || (type >= 6 && type <= 9))) return i > 0 && p[i - 1] == 0 ? i - 1 : i;
    slice |= is_slice;
    *idr |= type == 5;
    i += 3;
  }
  return length;
}

static void check(const char *what, int32_t status) {
  if (status >= 0) return;
  fprintf(stderr, "%s: %s: %s\n", what, skyrill_status_name(status), skyrill_status_message(status));
  exit(1);
}

static int32_t write_bytes(void *file, const uint8_t *bytes, size_t length) {
  return fwrite(bytes, 1, length, file) == length ? 0 : SKYRILL_RING_FULL;
}

int main(int argc, char **argv) {
  if (argc != 4) return fprintf(stderr, "usage: example VIDEO.h264 AUDIO.pcm OUT.ts|OUT.mp4\n"), 2;
  size_t video_length, audio_length;
  const unsigned char *video = read_file(argv[1], &video_length), *audio = read_file(argv[2], &audio_length);

  skyrill_config config = skyrill_defaults(RING_BYTES);
  config.format = strstr(argv[3], ".mp4") ? SKYRILL_FORMAT_FMP4 : SKYRILL_FORMAT_TS;
  config.audio_input = SKYRILL_AUDIO_PCM;
  config.sample_rate = RATE;
  config.channels = 1;

  void *memory = malloc(skyrill_probe_bytes());
  const int64_t required = skyrill_required_bytes(memory, &config);
  check("required bytes", required < 0 ? (int32_t)required : 0);
  memory = realloc(memory, (size_t)required);
  skyrill_channel *channel;
  check("open", skyrill_open(memory, (size_t)required, &config, &channel));

  FILE *out = fopen(argv[3], "wb");
  size_t heard = 0; /* audio bytes so far */
  int32_t pictures = 0;
  while (video_length > 0) {
    int idr;
    const size_t length = access_unit(video, video_length, &idr);
    const double pts = pictures * FRAME_MS;
    check("video", skyrill_push_video(channel, video, (int32_t)length, pts, UTC_START + pts, pictures, idr ? SKYRILL_FRAME_I : SKYRILL_FRAME_P));
    video += length;
    video_length -= length;
    pictures++;
    for (; heard + 2 * SAMPLES <= audio_length; heard += 2 * SAMPLES) {
      const double heard_ms = heard / 2 * 1000.0 / RATE;
      if (heard_ms > pts) break;
      check("audio", skyrill_push_audio(channel, audio + heard, 2 * SAMPLES, heard_ms, UTC_START + heard_ms, (int32_t)heard));
    }
    check("drain", skyrill_drain(channel, skyrill_head(channel), write_bytes, out));
  }
  check("flush", skyrill_flush(channel, SKYRILL_CLOSED_STOP));
  check("drain", skyrill_drain(channel, skyrill_head(channel), write_bytes, out));
  fclose(out);
  printf("%d pictures, %zu bytes of memory\n", pictures, (size_t)required);
  return 0;
}
