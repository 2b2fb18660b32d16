/*
 * Skyrill core for C: camera video and sound into MPEG-TS or fragmented MP4.
 *
 * A channel lives in one block of memory that the caller gives; nothing else is allocated, ever. Calls of one channel must not
 * overlap; channels are independent of each other, also across threads.
 *
 * Functions that return int32_t answer with a status: 0 done, positive done with a notice, negative refused (SKYRILL_* in
 * skyrill.h, skyrill_status_message()).
 */
#ifndef SKYRILL_CHANNEL_H
#define SKYRILL_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#include "skyrill.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The core did what it never should (a wasm trap): the channel answers nothing else from then on. */
#define SKYRILL_TRAPPED (-1)

typedef struct skyrill_channel skyrill_channel;

/* Fields and order of the ABI's config block. */
typedef struct {
  int32_t ring_bytes;     /* u32MaxGopSize: a multiple of 4096 */
  int32_t format;         /* SKYRILL_FORMAT_TS or SKYRILL_FORMAT_FMP4 */
  int32_t video_codec;    /* SKYRILL_VIDEO_H264, _H265 or _NONE */
  int32_t audio_input;    /* SKYRILL_AUDIO_AAC, _PCM, _G711A, _G711U or _NONE */
  int32_t sample_rate;    /* Hz; 0 with AAC: from the ADTS header */
  int32_t channels;       /* 1 or 2; 0 with AAC: from the ADTS header */
  int32_t audio_bit_rate; /* bit/s of the AAC encoder; 0: its default */
  int32_t nominal_fps;    /* 0: variable */
  int32_t slice_min_ms;   /* a slice ends at the first IDR at least this long after its start */
  int32_t slice_max_ms;   /* a slice ends here when no IDR comes */
  int32_t full_policy;    /* SKYRILL_POLICY_REFUSE or _EVICT */
} skyrill_config;

/* MPEG-TS with H.264 and no sound, slices of 10 to 60 s, the oldest GOP evicted when the ring is full. */
skyrill_config skyrill_defaults(int32_t ring_bytes);

/* Bytes of memory that skyrill_required_bytes() works in. */
size_t skyrill_probe_bytes(void);

/* Bytes that skyrill_open() needs for this configuration, or a negative status. `memory` is scratch of skyrill_probe_bytes(). */
int64_t skyrill_required_bytes(void *memory, const skyrill_config *config);

/* Opens a channel in `memory`, which is aligned for any type (malloc's, or a static array with alignas) and the channel's until
 * the last call. There is nothing to close: reuse or free the memory. */
int32_t skyrill_open(void *memory, size_t bytes, const skyrill_config *config, skyrill_channel **channel);

/* One access unit (Annex B): one copy, into the ring. Times in milliseconds; audio and video PTS share an epoch. */
int32_t skyrill_push_video(skyrill_channel *channel, const void *frame, int32_t length, double pts_ms, double utc_ms, int32_t seq,
                           int32_t frame_type);
/* Room inside the ring for a frame that the caller writes there itself; NULL and a status when there is none. SKYRILL_RING_RETRY: a
 * fragment was closed to make room; call again, before or after reading it. */
uint8_t *skyrill_reserve(skyrill_channel *channel, int32_t length, int32_t *status);
/* The frame of `length` bytes at the start of the reserved room, muxed in place. */
int32_t skyrill_push_reserved(skyrill_channel *channel, int32_t length, double pts_ms, double utc_ms, int32_t seq, int32_t frame_type);
/* ADTS frames, or 1024 samples per channel of PCM (16 bit, little-endian) or G.711. */
int32_t skyrill_push_audio(skyrill_channel *channel, const void *frame, int32_t length, double pts_ms, double utc_ms, int32_t seq);
/* Ends the open slice: SKYRILL_CLOSED_STOP, _PAUSE, _CLOCK or _FORMAT. */
int32_t skyrill_flush(skyrill_channel *channel, int32_t why);
/* To be called after a second without frames: what waits becomes visible. */
int32_t skyrill_close_fragment(skyrill_channel *channel);

/* Positions are bytes since open: readable is [tail, head). */
double skyrill_head(const skyrill_channel *channel);
double skyrill_tail(const skyrill_channel *channel);
/* First contiguous part of [from, to) in place, valid until it is released; ask again for the rest. NULL for what does not lie in
 * [tail, head). */
const uint8_t *skyrill_piece(const skyrill_channel *channel, double from, double to, size_t *length);
int32_t skyrill_release(skyrill_channel *channel, double position);
/* Keeps [from, to) from eviction while a request is in flight; (0, 0) ends it. */
int32_t skyrill_hold(skyrill_channel *channel, double from, double to);

/* Takes `length` bytes; 0 to go on, anything else stops the drain, which returns it. */
typedef int32_t (*skyrill_sink)(void *context, const uint8_t *bytes, size_t length);
/* Gives everything up to `position` to the sink and releases it: a file as it grows. With fMP4 the init segment goes in front. */
int32_t skyrill_drain(skyrill_channel *channel, double position, skyrill_sink sink, void *context);

/* A file that plays by itself; `end` grows while the slice is open. */
typedef struct {
  double start, end, lost_bytes;
  double utc_ms_a, utc_ms_b; /* of its first and last frame */
  double pts_ms_a, pts_ms_b;
  int32_t number, closed; /* closed: SKYRILL_CLOSED_*, 0 while open */
  int32_t seq_a, seq_b;   /* of video frames */
  int32_t video_frames, audio_frames;
  int32_t discontinuity, tracks, init; /* init: id of its init segment, -1 with TS */
} skyrill_slice;

/* A GOP (TS) or a fragment (fMP4). */
typedef struct {
  double start, end, utc_ms, pts_ms, duration_ms;
  int32_t slice, idr, closed, video_frames;
} skyrill_unit;

typedef struct {
  double position, pts_ms, utc_ms;
  int32_t seq, idr;
} skyrill_frame;

/* 1 and the record, or 0 when the number is not in the table. Numbers run from STATE_FIRST_* to below STATE_NEXT_*. */
int skyrill_get_slice(skyrill_channel *channel, int32_t number, skyrill_slice *slice);
int skyrill_get_unit(skyrill_channel *channel, int32_t number, skyrill_unit *unit);
int skyrill_get_frame(skyrill_channel *channel, int32_t number, skyrill_frame *frame);
/* Init segment (fMP4), in place; a slice's file is its init segment and its bytes. */
const uint8_t *skyrill_init_segment(skyrill_channel *channel, int32_t id, size_t *length);

/* Fields of the state block: SKYRILL_STATE_*. */
int32_t skyrill_state_i32(const skyrill_channel *channel, int32_t offset);
double skyrill_state_f64(const skyrill_channel *channel, int32_t offset);

const char *skyrill_status_name(int32_t status);
const char *skyrill_status_message(int32_t status);

#ifdef __cplusplus
}
#endif
#endif
