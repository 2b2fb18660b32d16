/* Measures pushes: bench CAMERA SMALL SOUND. What it prints is read by bench/bindings. */
#define _POSIX_C_SOURCE 199309L
#include <skyrill_channel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RING_BYTES (4 << 20)
#define BATCHES 15
#define BATCH_NS 40e6
#define SOUND_PUSH (2 * 1024)
#define SOUND_RATE 16000

typedef struct {
  skyrill_channel *channel;
  const uint8_t *file;
  uint32_t length; /* of the file */
  uint32_t frames;
  double ms;
  int32_t seq;
} bench;

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static uint8_t *read_file(const char *path, uint32_t *length) {
  FILE *file = fopen(path, "rb");
  uint8_t *bytes;
  if (file == NULL) {
    perror(path);
    exit(1);
  }
  fseek(file, 0, SEEK_END);
  *length = (uint32_t)ftell(file);
  rewind(file);
  bytes = malloc(*length);
  if (fread(bytes, 1, *length, file) != *length) exit(1);
  fclose(file);
  return bytes;
}

static uint32_t u32_at(const uint8_t *p) {
  uint32_t value;
  memcpy(&value, p, sizeof value);
  return value;
}

static void check(int32_t status) {
  if (status >= 0) return;
  fprintf(stderr, "%s\n", skyrill_status_name(status));
  exit(1);
}

static void video_pass(bench *b) {
  const uint8_t *frame = b->file + 4 + 8 * b->frames;
  for (uint32_t i = 0; i < b->frames; i++) {
    const uint32_t length = u32_at(b->file + 4 + 8 * i), kind = u32_at(b->file + 8 + 8 * i);
    check(skyrill_push_video(b->channel, frame, (int32_t)length, b->ms, b->ms, b->seq++, (int32_t)kind));
    check(skyrill_release(b->channel, skyrill_head(b->channel)));
    frame += length;
    b->ms += 40;
  }
}

static void sound_pass(bench *b) {
  for (uint32_t i = 0; i < b->frames; i++) {
    check(skyrill_push_audio(b->channel, b->file + i * SOUND_PUSH, SOUND_PUSH, b->ms, b->ms, b->seq++));
    check(skyrill_release(b->channel, skyrill_head(b->channel)));
    b->ms += 64;
  }
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Median of batches of passes; the first batch warms up. */
static void measure(const char *name, bench *b, void (*pass)(bench *)) {
  double ns[BATCHES];
  for (int batch = -1; batch < BATCHES; batch++) {
    const double start = now_ns();
    uint32_t frames = 0;
    for (; now_ns() - start < BATCH_NS; frames += b->frames) pass(b);
    if (batch >= 0) ns[batch] = (now_ns() - start) / frames;
  }
  qsort(ns, BATCHES, sizeof *ns, ascending);
  printf("%s %.1f\n", name, ns[BATCHES / 2]);
}

static void run(const char *name, const char *path, skyrill_config config) {
  const int is_sound = config.video_codec == SKYRILL_VIDEO_NONE;
  void *memory = malloc(skyrill_probe_bytes());
  const int64_t bytes = skyrill_required_bytes(memory, &config);
  bench b = {.ms = 60000};
  memory = realloc(memory, (size_t)bytes);
  check(skyrill_open(memory, (size_t)bytes, &config, &b.channel));
  b.file = read_file(path, &b.length);
  b.frames = is_sound ? b.length / SOUND_PUSH : u32_at(b.file);
  measure(name, &b, is_sound ? sound_pass : video_pass);
}

int main(int argc, char **argv) {
  skyrill_config config = skyrill_defaults(RING_BYTES);
  if (argc != 4) return 2;
  run("ts", argv[1], config);
  run("ts-small", argv[2], config);
  config.format = SKYRILL_FORMAT_FMP4;
  run("fmp4", argv[1], config);
  config = skyrill_defaults(RING_BYTES);
  config.video_codec = SKYRILL_VIDEO_NONE;
  config.audio_input = SKYRILL_AUDIO_PCM;
  config.sample_rate = SOUND_RATE;
  config.channels = 1;
  run("aac", argv[3], config);
  return 0;
}
