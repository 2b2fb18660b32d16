/*
 * libavformat muxing the packets of a file, in memory, into nothing: the native peer of `npm run bench -- mux`.
 *
 *   libavformat PACKETS mpegts|mp4 in-place|copied BATCH_MS
 *
 * First line of output: bytes written for one pass over the packets. Then, for every line on stdin, one batch: passes over
 * the packets for BATCH_MS, and a line `nanoseconds frames bytes`.
 *
 * PACKETS: magic "PKT1", codec (0 H.264, 1 H.265), width, height, frame duration in 90 kHz ticks, number of bytes of
 * parameter sets, number of packets (all u32 LE), the parameter sets, then per packet: size, key (u32 LE), bytes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>

#define IO_BUFFER_BYTES (256 * 1024)
/* as large as the ring of the core that is measured beside it */
#define STAGING_BYTES (4 * 1024 * 1024)
#define TICKS_PER_SECOND 90000

typedef struct {
  uint8_t *data;
  uint32_t size;
  uint32_t key;
} Packet;

typedef struct {
  uint32_t codec, width, height, duration, sets_size, count;
  uint8_t *sets;
  Packet *packets;
  uint64_t bytes;
} Clip;

static uint64_t written;

static void die(const char *what, int error) {
  char text[AV_ERROR_MAX_STRING_SIZE] = "";
  if (error < 0) av_strerror(error, text, sizeof text);
  fprintf(stderr, "libavformat: %s %s\n", what, text);
  exit(1);
}

static int discard(void *opaque, uint8_t *bytes, int size) {
  (void)opaque;
  (void)bytes;
  written += (uint64_t)size;
  return size;
}

static uint32_t read_u32(FILE *file) {
  uint8_t b[4];
  if (fread(b, 1, 4, file) != 4) die("packet file ends early", 0);
  return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* decoders and parsers may read a little behind a packet, so all are padded */
static uint8_t *read_bytes(FILE *file, uint32_t size) {
  uint8_t *bytes = av_mallocz(size + AV_INPUT_BUFFER_PADDING_SIZE);
  if (!bytes || fread(bytes, 1, size, file) != size) die("packet file ends early", 0);
  return bytes;
}

static Clip read_clip(const char *path) {
  Clip clip = {0};
  FILE *file = fopen(path, "rb");
  char magic[4];
  if (!file || fread(magic, 1, 4, file) != 4 || memcmp(magic, "PKT1", 4) != 0) die("no packet file", 0);
  clip.codec = read_u32(file);
  clip.width = read_u32(file);
  clip.height = read_u32(file);
  clip.duration = read_u32(file);
  clip.sets_size = read_u32(file);
  clip.count = read_u32(file);
  clip.sets = read_bytes(file, clip.sets_size);
  clip.packets = av_calloc(clip.count, sizeof *clip.packets);
  if (!clip.packets) die("memory", 0);
  for (uint32_t i = 0; i < clip.count; i++) {
    clip.packets[i].size = read_u32(file);
    clip.packets[i].key = read_u32(file);
    clip.packets[i].data = read_bytes(file, clip.packets[i].size);
    clip.bytes += clip.packets[i].size;
  }
  fclose(file);
  return clip;
}

static AVFormatContext *open_muxer(const Clip *clip, const char *format) {
  AVFormatContext *muxer = NULL;
  int error = avformat_alloc_output_context2(&muxer, NULL, format, NULL);
  if (error < 0) die("muxer", error);
  muxer->pb = avio_alloc_context(av_malloc(IO_BUFFER_BYTES), IO_BUFFER_BYTES, 1, NULL, NULL, discard, NULL);
  muxer->flags |= AVFMT_FLAG_CUSTOM_IO;
  muxer->flush_packets = 0;
  AVStream *stream = avformat_new_stream(muxer, NULL);
  stream->time_base = (AVRational){1, TICKS_PER_SECOND};
  stream->codecpar->codec_type = AVMEDIA_TYPE_VIDEO;
  stream->codecpar->codec_id = clip->codec == 0 ? AV_CODEC_ID_H264 : AV_CODEC_ID_HEVC;
  stream->codecpar->width = (int)clip->width;
  stream->codecpar->height = (int)clip->height;
  stream->codecpar->extradata = av_mallocz(clip->sets_size + AV_INPUT_BUFFER_PADDING_SIZE);
  memcpy(stream->codecpar->extradata, clip->sets, clip->sets_size);
  stream->codecpar->extradata_size = (int)clip->sets_size;
  AVDictionary *options = NULL;
  if (strcmp(format, "mp4") == 0) {
    stream->codecpar->codec_tag = clip->codec == 0 ? MKTAG('a', 'v', 'c', '1') : MKTAG('h', 'v', 'c', '1');
    av_dict_set(&options, "movflags", "empty_moov+default_base_moof+frag_keyframe", 0);
    av_dict_set(&options, "frag_duration", "500000", 0);
  }
  error = avformat_write_header(muxer, &options);
  av_dict_free(&options);
  if (error < 0) die("header", error);
  return muxer;
}

static void close_muxer(AVFormatContext *muxer) {
  av_write_trailer(muxer);
  av_freep(&muxer->pb->buffer);
  avio_context_free(&muxer->pb);
  avformat_free_context(muxer);
}

/*
 * in-place: the packet was written to its place just before, as by a capture driver; place_all() is the time of these writes alone,
 * which is taken off. copied: av_new_packet and a copy, which count.
 */
static uint8_t *place(const Packet *source) {
  static uint8_t *staging;
  static size_t at;
  if (!staging && !(staging = av_mallocz(STAGING_BYTES + AV_INPUT_BUFFER_PADDING_SIZE))) die("memory", 0);
  if (at + source->size > STAGING_BYTES) at = 0;
  uint8_t *to = staging + at;
  memcpy(to, source->data, source->size);
  at += source->size;
  return to;
}

static void place_all(const Clip *clip) {
  for (uint32_t i = 0; i < clip->count; i++) place(&clip->packets[i]);
}

/* one pass; time goes on over passes, as in one long recording */
static void push_all(AVFormatContext *muxer, const Clip *clip, AVPacket *packet, int copied, int64_t *time) {
  AVRational from = {1, TICKS_PER_SECOND};
  AVRational to = muxer->streams[0]->time_base;
  for (uint32_t i = 0; i < clip->count; i++) {
    const Packet *source = &clip->packets[i];
    if (copied) {
      if (av_new_packet(packet, (int)source->size) < 0) die("memory", 0);
      memcpy(packet->data, source->data, source->size);
    } else {
      packet->data = place(source);
      packet->size = (int)source->size;
    }
    packet->stream_index = 0;
    packet->flags = source->key ? AV_PKT_FLAG_KEY : 0;
    packet->pts = packet->dts = av_rescale_q(*time, from, to);
    packet->duration = av_rescale_q(clip->duration, from, to);
    int error = av_write_frame(muxer, packet);
    if (error < 0) die("packet", error);
    av_packet_unref(packet);
    *time += clip->duration;
  }
}

static int64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc != 5) die("usage: libavformat PACKETS mpegts|mp4 in-place|copied BATCH_MS", 0);
  av_log_set_level(AV_LOG_ERROR);
  Clip clip = read_clip(argv[1]);
  int copied = strcmp(argv[3], "copied") == 0;
  int64_t batch_ns = atoll(argv[4]) * 1000000;
  AVPacket *packet = av_packet_alloc();

  int64_t time = 0;
  AVFormatContext *muxer = open_muxer(&clip, argv[2]);
  push_all(muxer, &clip, packet, copied, &time);
  /* before the trailer: a recording has none, and mp4's is an index of random access points */
  av_write_frame(muxer, NULL);
  avio_flush(muxer->pb);
  printf("%" PRIu64 "\n", written);
  fflush(stdout);
  close_muxer(muxer);

  time = 0;
  muxer = open_muxer(&clip, argv[2]);
  char line[16];
  while (fgets(line, sizeof line, stdin)) {
    int64_t whole = 0, off = 0;
    uint64_t frames = 0, bytes = 0;
    while (whole < batch_ns) {
      int64_t start = now_ns();
      push_all(muxer, &clip, packet, copied, &time);
      int64_t middle = now_ns();
      if (!copied) place_all(&clip);
      whole += middle - start;
      if (!copied) off += now_ns() - middle;
      frames += clip.count;
      bytes += clip.bytes;
    }
    printf("%" PRId64 " %" PRIu64 " %" PRIu64 "\n", whole - off, frames, bytes);
    fflush(stdout);
  }
  close_muxer(muxer);
  av_packet_free(&packet);
  return 0;
}
