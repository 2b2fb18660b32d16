/* Runs tests/conformance; its README says what each step does. Usage: conformance FOLDER */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "sha256.h"
#include "skyrill_channel.h"

#define LINE 256
#define FRAME_MS 40
#define DAMAGED_MAX 65536

typedef struct {
  const uint8_t *bytes;
  int32_t length;
} piece;

static const json *pieces;
static const uint8_t *data;
static int failures;

typedef struct {
  const char *name;
  skyrill_channel *channel;
  sha256 stream;
  size_t bytes;
  const json *slices, *units; /* the next that are expected */
  int32_t next_slice, next_unit;
  uint8_t *room;
} run;

static void fail(const char *name, const char *what, const char *got, const char *expected) {
  fprintf(stderr, "%s: %s: %s, expected %s\n", name, what, got, expected);
  failures++;
}

static void *read_file(const char *folder, const char *name, size_t *length) {
  char path[4096];
  FILE *file;
  char *bytes;
  long size;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  if (!(file = fopen(path, "rb"))) {
    perror(path);
    exit(2);
  }
  fseek(file, 0, SEEK_END);
  size = ftell(file);
  rewind(file);
  bytes = malloc((size_t)size + 1);
  *length = fread(bytes, 1, (size_t)size, file);
  bytes[*length] = '\0';
  fclose(file);
  return bytes;
}

static piece find(const char *name) {
  const json *range = json_get(pieces, name);
  piece found;
  if (!range) {
    fprintf(stderr, "no piece %s\n", name);
    exit(2);
  }
  found.bytes = data + (size_t)json_at(range, 0)->number;
  found.length = (int32_t)json_at(range, 1)->number;
  return found;
}

static void expect_line(run *r, const char *what, const json **expected, const char *got) {
  if (!*expected || strcmp((*expected)->text, got) != 0) fail(r->name, what, got, *expected ? (*expected)->text : "none");
  if (*expected) *expected = (*expected)->next;
}

/* Records of what is closed, once each. */
static void collect(run *r) {
  char line[LINE];
  skyrill_slice s;
  skyrill_unit u;
  for (; r->next_slice < skyrill_state_i32(r->channel, SKYRILL_STATE_NEXT_SLICE); r->next_slice++) {
    if (!skyrill_get_slice(r->channel, r->next_slice, &s) || !s.closed) break;
    snprintf(line, sizeof line, "%d %.0f %.0f %.0f %.0f %.0f %.0f %.0f %d %d %d %d %d %d %d %d", s.number, s.start, s.end,
             s.lost_bytes, s.utc_ms_a, s.utc_ms_b, s.pts_ms_a, s.pts_ms_b, s.seq_a, s.seq_b, s.video_frames, s.audio_frames,
             s.closed, s.discontinuity, s.tracks, s.init);
    expect_line(r, "slice", &r->slices, line);
  }
  for (; r->next_unit < skyrill_state_i32(r->channel, SKYRILL_STATE_NEXT_UNIT); r->next_unit++) {
    if (!skyrill_get_unit(r->channel, r->next_unit, &u) || !u.closed) break;
    snprintf(line, sizeof line, "%.0f %.0f %.0f %.0f %.0f %d %d %d", u.start, u.end, u.utc_ms, u.pts_ms,
             floor(u.duration_ms * 1000 + 0.5), u.slice, u.idr, u.video_frames);
    expect_line(r, "unit", &r->units, line);
  }
}

static int32_t sink(void *context, const uint8_t *bytes, size_t length) {
  run *r = context;
  sha256_update(&r->stream, bytes, length);
  r->bytes += length;
  return 0;
}

static void drain(run *r, double limit) {
  double to = skyrill_head(r->channel);
  if (limit > 0 && skyrill_tail(r->channel) + limit < to) to = skyrill_tail(r->channel) + limit;
  if (skyrill_drain(r->channel, to, sink, r) != SKYRILL_OK) fail(r->name, "drain", "refused", "done");
  collect(r);
}

static uint32_t random_state;

static uint32_t next_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  random_state ^= random_state << 5;
  return random_state;
}

static int32_t damage(piece from, uint8_t *to) {
  uint32_t length = (uint32_t)from.length, changes;
  if ((next_random() & 3) == 0) length = next_random() % (length + 1);
  memcpy(to, from.bytes, length);
  for (changes = 1 + next_random() % 8; changes > 0 && length > 0; changes--) {
    const uint32_t at = next_random() % length;
    to[at] = (uint8_t)next_random();
  }
  return (int32_t)length;
}

static void mutate(run *r, const json *step) {
  static uint8_t frame[DAMAGED_MAX];
  const json *names = json_get(step, "pieces");
  const size_t kinds = json_length(names);
  const int count = (int)json_number(step, "count");
  char hex[65];
  sha256 statuses;
  sha256_init(&statuses);
  random_state = (uint32_t)json_number(step, "seed");
  for (int i = 0; i < count; i++) {
    const int32_t length = damage(find(json_at(names, (size_t)i % kinds)->text), frame);
    const int32_t status = skyrill_push_video(
        r->channel, frame, length, json_number(step, "pts") + FRAME_MS * i, json_number(step, "utc") + FRAME_MS * i,
        (int32_t)json_number(step, "seq") + i, (size_t)i % kinds == 0 ? SKYRILL_FRAME_I : SKYRILL_FRAME_P);
    sha256_update(&statuses, &status, sizeof status);
    drain(r, 0);
  }
  sha256_hex(&statuses, hex);
  if (strcmp(hex, json_text(step, "sha256")) != 0) fail(r->name, "statuses of damaged frames", hex, json_text(step, "sha256"));
}

static int32_t do_step(run *r, const json *step) {
  const char *what = json_text(step, "do");
  const double pts = json_number(step, "pts"), utc = json_number(step, "utc");
  const int32_t seq = (int32_t)json_number(step, "seq"), type = (int32_t)json_number(step, "type");
  skyrill_channel *c = r->channel;
  int32_t status = 0;
  if (strcmp(what, "video") == 0) {
    const piece p = find(json_text(step, "data"));
    return skyrill_push_video(c, p.bytes, p.length, pts, utc, seq, type);
  }
  if (strcmp(what, "audio") == 0) {
    const piece p = find(json_text(step, "data"));
    return skyrill_push_audio(c, p.bytes, p.length, pts, utc, seq);
  }
  if (strcmp(what, "reserve") == 0) {
    r->room = skyrill_reserve(c, (int32_t)json_number(step, "bytes"), &status);
    return status;
  }
  if (strcmp(what, "commit") == 0) {
    const piece p = find(json_text(step, "data"));
    memcpy(r->room, p.bytes, (size_t)p.length);
    return skyrill_push_reserved(c, p.length, pts, utc, seq, type);
  }
  if (strcmp(what, "flush") == 0) return skyrill_flush(c, (int32_t)json_number(step, "why"));
  if (strcmp(what, "closeFragment") == 0) return skyrill_close_fragment(c);
  if (strcmp(what, "hold") == 0) return skyrill_hold(c, json_number(step, "from"), json_number(step, "to"));
  if (strcmp(what, "release") == 0) return skyrill_release(c, json_number(step, "position"));
  if (strcmp(what, "drain") == 0) {
    drain(r, json_number(step, "bytes"));
    return 0;
  }
  if (strcmp(what, "mutate") == 0) {
    mutate(r, step);
    return 0;
  }
  fail(r->name, "step", what, "a known one");
  return 0;
}

static void expect_number(run *r, const char *what, double got, double expected) {
  char a[64], b[64];
  if (got == expected) return;
  snprintf(a, sizeof a, "%.17g", got);
  snprintf(b, sizeof b, "%.17g", expected);
  fail(r->name, what, a, b);
}

static void check(run *r, const json *expect) {
  const json *stream = json_get(expect, "stream");
  char hex[65];
  sha256_hex(&r->stream, hex);
  expect_number(r, "stream bytes", (double)r->bytes, json_number(stream, "bytes"));
  if (strcmp(hex, json_text(stream, "sha256")) != 0) fail(r->name, "stream", hex, json_text(stream, "sha256"));
  if (r->slices) fail(r->name, "slice", "none", r->slices->text);
  if (r->units) fail(r->name, "unit", "none", r->units->text);
  for (const json *field = json_get(expect, "state")->first; field; field = field->next) {
    const int32_t offset = (int32_t)json_at(field, 0)->number;
    const int is_i32 = strcmp(json_at(field, 1)->text, "i32") == 0;
    expect_number(r, json_at(field, 3)->text,
                  is_i32 ? skyrill_state_i32(r->channel, offset) : skyrill_state_f64(r->channel, offset),
                  json_at(field, 2)->number);
  }
}

static skyrill_config config_of(const json *c) {
  const skyrill_config config = {
      (int32_t)json_number(c, "ringBytes"),    (int32_t)json_number(c, "format"),     (int32_t)json_number(c, "videoCodec"),
      (int32_t)json_number(c, "audioInput"),   (int32_t)json_number(c, "sampleRate"), (int32_t)json_number(c, "channels"),
      (int32_t)json_number(c, "audioBitRate"), (int32_t)json_number(c, "nominalFps"), (int32_t)json_number(c, "sliceMinMs"),
      (int32_t)json_number(c, "sliceMaxMs"),   (int32_t)json_number(c, "fullPolicy"),
  };
  return config;
}

/* Memory of exactly the size that required_bytes tells, with a canary behind it. */
static void run_vector(const json *vector) {
  const skyrill_config config = config_of(json_get(vector, "config"));
  const json *expect = json_get(vector, "expect");
  void *memory = malloc(skyrill_probe_bytes());
  const int64_t bytes = skyrill_required_bytes(memory, &config);
  const double open = json_number(vector, "open");
  run r = {.name = json_text(vector, "name"), .slices = json_get(expect, "slices")->first, .units = json_get(expect, "units")->first};
  if (bytes < 0) {
    expect_number(&r, "required bytes", (double)bytes, open);
    free(memory);
    return;
  }
  memory = realloc(memory, (size_t)bytes + 1);
  ((uint8_t *)memory)[bytes] = 0xa5;
  expect_number(&r, "open in less memory", skyrill_open(memory, (size_t)bytes - 1, &config, &r.channel), SKYRILL_CONFIG_MEMORY);
  expect_number(&r, "open", skyrill_open(memory, (size_t)bytes, &config, &r.channel), open);
  if (r.channel) {
    int index = 0;
    sha256_init(&r.stream);
    for (const json *step = json_get(vector, "steps")->first; step; step = step->next, index++) {
      char what[LINE];
      snprintf(what, sizeof what, "step %d %s %s", index, json_text(step, "do"), json_text(step, "data"));
      expect_number(&r, what, do_step(&r, step), json_number(step, "status"));
    }
    collect(&r);
    check(&r, expect);
  }
  expect_number(&r, "byte behind the memory", ((uint8_t *)memory)[bytes], 0xa5);
  free(memory);
}

/* Whatever it is given, the core refuses or takes it: no trap, nothing written behind the memory. */
static void nonsense(int32_t format) {
  static const double numbers[] = {0, 1, -1, 188, 65536, 1e300, -1e300, NAN, INFINITY};
  static const int32_t whole[] = {0, 1, -1, 188, 4096, 65536, INT32_MAX, INT32_MIN};
  skyrill_config config = skyrill_defaults(65536);
  config.format = format;
  config.audio_input = SKYRILL_AUDIO_G711A;
  config.sample_rate = 8000;
  config.channels = 1;
  run r = {.name = "nonsense"};
  void *memory = malloc(skyrill_probe_bytes());
  const size_t bytes = (size_t)skyrill_required_bytes(memory, &config);
  memory = realloc(memory, bytes + 1);
  ((uint8_t *)memory)[bytes] = 0xa5;
  expect_number(&r, "open", skyrill_open(memory, bytes, &config, &r.channel), SKYRILL_OK);
  sha256_init(&r.stream);
  random_state = 1;
  for (int turn = 0; turn < 3000 && r.channel; turn++) {
    static uint8_t frame[DAMAGED_MAX];
    const double a = numbers[next_random() % 9], b = numbers[next_random() % 9];
    const int32_t n = whole[next_random() % 8], m = whole[next_random() % 8];
    const int32_t size = damage(find("h264.idr"), frame);
    int32_t status = SKYRILL_OK;
    size_t length;
    switch (next_random() % 11) {
      case 0: status = skyrill_push_video(r.channel, frame, size, turn * 40, turn * 40, turn, SKYRILL_FRAME_I); break;
      case 1: status = skyrill_push_video(r.channel, frame, size, a, b, n, m); break;
      case 2: status = skyrill_push_audio(r.channel, frame, size, a, b, n); break;
      case 3: skyrill_reserve(r.channel, n, &status); break;
      case 4: status = skyrill_push_reserved(r.channel, n, a, b, m, n); break;
      case 5: status = skyrill_flush(r.channel, n); break;
      case 6: status = skyrill_release(r.channel, a); break;
      case 7: status = skyrill_hold(r.channel, a, b); break;
      case 8: status = skyrill_drain(r.channel, a, sink, &r); break;
      case 9: skyrill_init_segment(r.channel, n, &length); break;
      default: skyrill_piece(r.channel, a, b, &length); break;
    }
    if (status == SKYRILL_TRAPPED || strcmp(skyrill_status_name(status), "unknown status") == 0)
      expect_number(&r, "status", status, SKYRILL_OK);
  }
  expect_number(&r, "byte behind the memory", ((uint8_t *)memory)[bytes], 0xa5);
  free(memory);
}

int main(int argc, char **argv) {
  size_t length;
  int vectors = 0;
  const char *folder = argc > 1 ? argv[1] : "../../tests/conformance";
  const json *root = json_parse(read_file(folder, "vectors.json", &length));
  if (!root) {
    fprintf(stderr, "vectors.json cannot be read\n");
    return 2;
  }
  pieces = json_get(json_get(root, "data"), "pieces");
  data = read_file(folder, json_text(json_get(root, "data"), "file"), &length);
  for (const json *vector = json_get(root, "vectors")->first; vector; vector = vector->next, vectors++) run_vector(vector);
  nonsense(SKYRILL_FORMAT_TS);
  nonsense(SKYRILL_FORMAT_FMP4);
  printf("%d vectors, %d failures\n", vectors, failures);
  return failures > 0;
}
