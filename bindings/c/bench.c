/*
 * Measures pushes: bench CAMERA SMALL SOUND. What it prints is read by bench/bindings.
 * bench push CASE FILE FRAMES only pushes: for programs that count its instructions from outside.
 */
#define _POSIX_C_SOURCE 199309L
#include <math.h>
#include <skyrill_channel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RING_BYTES (4 << 20)
#define BATCHES 25
#define BATCH_NS 40e6
#define SOUND_PUSH (2 * 1024)
#define SOUND_RATE 16000

typedef struct {
  skyrill_channel *channel;
  const uint8_t *file;
  uint32_t length; /* of the file */
  uint32_t listed, frames; /* in the file; of a pass */
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
  const uint8_t *frame = b->file + 4 + 8 * b->listed;
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

/* The fastest of batches of passes: what else runs can only add to it. The first batch warms up. */
static void measure(const char *name, bench *b, void (*pass)(bench *)) {
  double fastest = INFINITY;
  for (int batch = -1; batch < BATCHES; batch++) {
    const double start = now_ns();
    uint64_t frames = 0;
    for (; now_ns() - start < BATCH_NS; frames += b->frames) pass(b);
    const double ns = (now_ns() - start) / (double)frames;
    if (batch >= 0 && ns < fastest) fastest = ns;
  }
  printf("%s %.1f\n", name, fastest);
}

static skyrill_config config_of(const char *name) {
  skyrill_config config = skyrill_defaults(RING_BYTES);
  if (strcmp(name, "fmp4") == 0) config.format = SKYRILL_FORMAT_FMP4;
  if (strcmp(name, "aac") == 0) {
    config.video_codec = SKYRILL_VIDEO_NONE;
    config.audio_input = SKYRILL_AUDIO_PCM;
    config.sample_rate = SOUND_RATE;
    config.channels = 1;
  }
  return config;
}

/* `frames`: 0 measures passes over the file, else so many frames are pushed once. */
static void run(const char *name, const char *path, uint32_t frames) {
  const skyrill_config config = config_of(name);
  const int is_sound = config.video_codec == SKYRILL_VIDEO_NONE;
  void (*pass)(bench *) = is_sound ? sound_pass : video_pass;
  void *memory = malloc(skyrill_probe_bytes());
  const int64_t bytes = skyrill_required_bytes(memory, &config);
  bench b = {.ms = 60000};
  memory = realloc(memory, (size_t)bytes);
  check(skyrill_open(memory, (size_t)bytes, &config, &b.channel));
  b.file = read_file(path, &b.length);
  b.listed = is_sound ? b.length / SOUND_PUSH : u32_at(b.file);
  b.frames = frames > 0 && frames < b.listed ? frames : b.listed;
  if (frames > 0) {
    pass(&b);
  } else {
    measure(name, &b, pass);
  }
  free((void *)b.file);
  free(memory);
}

int main(int argc, char **argv) {
  if (argc == 5 && strcmp(argv[1], "push") == 0) {
    run(argv[2], argv[3], (uint32_t)atoi(argv[4]));
    return 0;
  }
  if (argc != 4) return fprintf(stderr, "usage: bench CAMERA SMALL SOUND | bench push CASE FILE FRAMES\n"), 2;
  run("ts", argv[1], 0);
  run("fmp4", argv[1], 0);
  run("ts-small", argv[2], 0);
  run("aac", argv[3], 0);
  return 0;
}
