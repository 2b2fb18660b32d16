#include "skyrill_channel.h"

#include <setjmp.h>
#include <string.h>

#include "skyrill_core.h"

#define PAGE 65536u
#define INITIAL_PAGES 2u /* asconfig.json, initialMemory */
#define ALIGN 16u

/* The caller's block: this, then the core's linear memory. */
struct skyrill_channel {
  Z_skyrill_core_instance_t core;
  size_t room; /* bytes for linear memory */
  uint8_t *state;
  uint32_t ring, ring_size, audio, reserved;
  int32_t drain_slice, last_init;
  int32_t trapped;
};

static size_t header_bytes(void) { return (sizeof(skyrill_channel) + ALIGN - 1) / ALIGN * ALIGN; }

/* ── what the generated code calls ─────────────────────────────────────────────────────────────────────────────────────────── */

static _Thread_local jmp_buf *trap_target;

void wasm_rt_trap(wasm_rt_trap_t why) { longjmp(*trap_target, (int)why); }

static skyrill_channel *owner(wasm_rt_memory_t *memory) {
  return (skyrill_channel *)((char *)memory - offsetof(skyrill_channel, core.w2c_memory));
}

void wasm_rt_allocate_memory(wasm_rt_memory_t *memory, uint32_t initial_pages, uint32_t max_pages) {
  memory->data = (uint8_t *)owner(memory) + header_bytes();
  memory->pages = 0;
  memory->max_pages = max_pages;
  memory->size = 0;
  if (wasm_rt_grow_memory(memory, initial_pages) == UINT32_MAX) wasm_rt_trap(WASM_RT_TRAP_OOB);
}

uint32_t wasm_rt_grow_memory(wasm_rt_memory_t *memory, uint32_t pages) {
  const uint32_t before = memory->pages;
  if (pages > owner(memory)->room / PAGE - before) return UINT32_MAX;
  memset(memory->data + memory->size, 0, (size_t)pages * PAGE);
  memory->pages = before + pages;
  memory->size = memory->pages * PAGE;
  return before;
}

/* Runs an export; a trap ends the channel. */
#define CALL(channel, result, call)        \
  do {                                     \
    jmp_buf target, *before = trap_target; \
    if ((channel)->trapped) {              \
      (result) = SKYRILL_TRAPPED;          \
      break;                               \
    }                                      \
    trap_target = &target;                 \
    if (setjmp(target) == 0) {             \
      (result) = (int32_t)(call);          \
    } else {                               \
      (channel)->trapped = 1;              \
      (result) = SKYRILL_TRAPPED;          \
    }                                      \
    trap_target = before;                  \
  } while (0)

/* ── open ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────── */

skyrill_config skyrill_defaults(int32_t ring_bytes) {
  const skyrill_config config = {
      .ring_bytes = ring_bytes,
      .audio_input = SKYRILL_AUDIO_NONE,
      .slice_min_ms = 10000,
      .slice_max_ms = 60000,
      .full_policy = SKYRILL_POLICY_EVICT,
  };
  return config;
}

size_t skyrill_probe_bytes(void) { return header_bytes() + (size_t)INITIAL_PAGES * PAGE; }

static int32_t instantiate(skyrill_channel *channel) {
  Z_skyrill_core_init_module();
  Z_skyrill_core_instantiate(&channel->core);
  return (int32_t)Z_skyrill_coreZ_abi_version(&channel->core) == SKYRILL_ABI_VERSION ? SKYRILL_OK : SKYRILL_TRAPPED;
}

_Static_assert(sizeof(skyrill_config) == SKYRILL_CONFIG_BYTES, "skyrill_config is the ABI's config block");

static int32_t start(skyrill_channel *channel, size_t bytes, const skyrill_config *config) {
  int32_t status;
  memset(channel, 0, sizeof *channel);
  channel->room = bytes - header_bytes();
  channel->last_init = -1;
  CALL(channel, status, instantiate(channel));
  if (status != SKYRILL_OK) return status;
  memcpy(channel->core.w2c_memory.data + Z_skyrill_coreZ_config(&channel->core), config, sizeof *config);
  return SKYRILL_OK;
}

int64_t skyrill_required_bytes(void *memory, const skyrill_config *config) {
  skyrill_channel *channel = memory;
  int32_t bytes, status = start(channel, skyrill_probe_bytes(), config);
  if (status != SKYRILL_OK) return status;
  CALL(channel, bytes, Z_skyrill_coreZ_required_bytes(&channel->core));
  return bytes < 0 ? bytes : (int64_t)header_bytes() + ((int64_t)bytes + PAGE - 1) / PAGE * PAGE;
}

int32_t skyrill_open(void *memory, size_t bytes, const skyrill_config *config, skyrill_channel **out) {
  skyrill_channel *channel = memory;
  int32_t status;
  *out = NULL;
  if (bytes < skyrill_probe_bytes()) return SKYRILL_CONFIG_MEMORY;
  status = start(channel, bytes, config);
  if (status != SKYRILL_OK) return status;
  CALL(channel, status, Z_skyrill_coreZ_open(&channel->core));
  if (status < 0) return status;
  channel->state = channel->core.w2c_memory.data + Z_skyrill_coreZ_state(&channel->core);
  channel->ring = (uint32_t)skyrill_state_i32(channel, SKYRILL_STATE_RING_ADDRESS);
  channel->ring_size = (uint32_t)skyrill_state_i32(channel, SKYRILL_STATE_RING_SIZE);
  channel->audio = Z_skyrill_coreZ_audio_buffer(&channel->core);
  *out = channel;
  return status;
}

/* ── in ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────── */

static uint8_t *at(const skyrill_channel *channel, uint32_t address) { return channel->core.w2c_memory.data + address; }

uint8_t *skyrill_reserve(skyrill_channel *channel, int32_t length, int32_t *status) {
  int32_t address;
  CALL(channel, address, Z_skyrill_coreZ_reserve(&channel->core, (u32)length));
  *status = address < 0 ? address : SKYRILL_OK;
  if (address < 0) return NULL;
  channel->reserved = (uint32_t)address;
  return at(channel, channel->reserved);
}

int32_t skyrill_push_reserved(skyrill_channel *channel, int32_t length, double pts_ms, double utc_ms, int32_t seq, int32_t frame_type) {
  int32_t status;
  CALL(channel, status,
       Z_skyrill_coreZ_push_video(&channel->core, channel->reserved, (u32)length, pts_ms, utc_ms, (u32)seq, (u32)frame_type));
  return status;
}

int32_t skyrill_push_video(skyrill_channel *channel, const void *frame, int32_t length, double pts_ms, double utc_ms, int32_t seq,
                           int32_t frame_type) {
  int32_t status;
  uint8_t *room = skyrill_reserve(channel, length, &status);
  if (status == SKYRILL_RING_RETRY) room = skyrill_reserve(channel, length, &status);
  if (room == NULL) return status;
  memcpy(room, frame, (size_t)length);
  return skyrill_push_reserved(channel, length, pts_ms, utc_ms, seq, frame_type);
}

int32_t skyrill_push_audio(skyrill_channel *channel, const void *frame, int32_t length, double pts_ms, double utc_ms, int32_t seq) {
  int32_t status;
  if (length < 0 || length > SKYRILL_AUDIO_INPUT_BYTES) return SKYRILL_AUDIO_LENGTH;
  memcpy(at(channel, channel->audio), frame, (size_t)length);
  CALL(channel, status, Z_skyrill_coreZ_push_audio(&channel->core, channel->audio, (u32)length, pts_ms, utc_ms, (u32)seq));
  return status;
}

int32_t skyrill_flush(skyrill_channel *channel, int32_t why) {
  int32_t status;
  CALL(channel, status, Z_skyrill_coreZ_flush(&channel->core, (u32)why));
  return status;
}

int32_t skyrill_close_fragment(skyrill_channel *channel) {
  int32_t status;
  CALL(channel, status, Z_skyrill_coreZ_close_fragment(&channel->core));
  return status;
}

/* ── out ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────── */

double skyrill_head(const skyrill_channel *channel) { return skyrill_state_f64(channel, SKYRILL_STATE_HEAD); }

double skyrill_tail(const skyrill_channel *channel) { return skyrill_state_f64(channel, SKYRILL_STATE_TAIL); }

const uint8_t *skyrill_piece(const skyrill_channel *channel, double from, double to, size_t *length) {
  *length = 0;
  if (!(skyrill_tail(channel) <= from && from < to && to <= skyrill_head(channel))) return NULL;
  const double origin = skyrill_state_f64(channel, SKYRILL_STATE_ORIGIN);
  const uint32_t offset = (uint32_t)((uint64_t)(from - origin) % channel->ring_size);
  const double wanted = to - from, whole = channel->ring_size - offset;
  *length = (size_t)(wanted < whole ? wanted : whole);
  return at(channel, channel->ring + offset);
}

int32_t skyrill_release(skyrill_channel *channel, double position) {
  int32_t status;
  CALL(channel, status, Z_skyrill_coreZ_release(&channel->core, position));
  return status;
}

int32_t skyrill_hold(skyrill_channel *channel, double from, double to) {
  int32_t status;
  CALL(channel, status, Z_skyrill_coreZ_hold(&channel->core, from, to));
  return status;
}

/* The slice that `position` lies in. */
static int slice_at(skyrill_channel *channel, double position, skyrill_slice *slice) {
  const int32_t next = skyrill_state_i32(channel, SKYRILL_STATE_NEXT_SLICE);
  for (; channel->drain_slice < next; channel->drain_slice++)
    if (skyrill_get_slice(channel, channel->drain_slice, slice) && position < slice->end) return 1;
  return 0;
}

int32_t skyrill_drain(skyrill_channel *channel, double position, skyrill_sink sink, void *context) {
  double from = skyrill_tail(channel);
  while (from < position) {
    skyrill_slice slice;
    const uint8_t *bytes;
    size_t length;
    int32_t status;
    if (!slice_at(channel, from, &slice)) return SKYRILL_RING_POSITION;
    if (slice.init >= 0 && slice.init != channel->last_init) {
      bytes = skyrill_init_segment(channel, slice.init, &length);
      if ((status = sink(context, bytes, length)) != 0) return status;
      channel->last_init = slice.init;
    }
    bytes = skyrill_piece(channel, from, position < slice.end ? position : slice.end, &length);
    if (bytes == NULL) return SKYRILL_RING_POSITION;
    if ((status = sink(context, bytes, length)) != 0) return status;
    from += (double)length;
    if ((status = skyrill_release(channel, from)) != SKYRILL_OK) return status;
  }
  return SKYRILL_OK;
}

/* ── records and state ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static int32_t read_i32(const uint8_t *p) {
  int32_t value;
  memcpy(&value, p, sizeof value);
  return value;
}

static double read_f64(const uint8_t *p) {
  double value;
  memcpy(&value, p, sizeof value);
  return value;
}

int skyrill_get_slice(skyrill_channel *channel, int32_t number, skyrill_slice *slice) {
  int32_t address;
  const uint8_t *p;
  CALL(channel, address, Z_skyrill_coreZ_slice_address(&channel->core, (u32)number));
  if (address <= 0) return 0;
  p = at(channel, (uint32_t)address);
  slice->start = read_f64(p + SKYRILL_SLICE_START);
  slice->end = read_f64(p + SKYRILL_SLICE_END);
  slice->lost_bytes = read_f64(p + SKYRILL_SLICE_LOST);
  slice->utc_ms_a = read_f64(p + SKYRILL_SLICE_UTC_A);
  slice->utc_ms_b = read_f64(p + SKYRILL_SLICE_UTC_B);
  slice->pts_ms_a = read_f64(p + SKYRILL_SLICE_PTS_A);
  slice->pts_ms_b = read_f64(p + SKYRILL_SLICE_PTS_B);
  slice->number = read_i32(p + SKYRILL_SLICE_NUMBER);
  slice->closed = read_i32(p + SKYRILL_SLICE_CLOSED);
  slice->seq_a = read_i32(p + SKYRILL_SLICE_SEQ_A);
  slice->seq_b = read_i32(p + SKYRILL_SLICE_SEQ_B);
  slice->video_frames = read_i32(p + SKYRILL_SLICE_VIDEO_FRAMES);
  slice->audio_frames = read_i32(p + SKYRILL_SLICE_AUDIO_FRAMES);
  slice->discontinuity = read_i32(p + SKYRILL_SLICE_DISCONTINUITY);
  slice->tracks = read_i32(p + SKYRILL_SLICE_TRACKS);
  slice->init = read_i32(p + SKYRILL_SLICE_INIT);
  return 1;
}

int skyrill_get_unit(skyrill_channel *channel, int32_t number, skyrill_unit *unit) {
  int32_t address;
  const uint8_t *p;
  CALL(channel, address, Z_skyrill_coreZ_unit_address(&channel->core, (u32)number));
  if (address <= 0) return 0;
  p = at(channel, (uint32_t)address);
  unit->start = read_f64(p + SKYRILL_UNIT_START);
  unit->end = read_f64(p + SKYRILL_UNIT_END);
  unit->utc_ms = read_f64(p + SKYRILL_UNIT_UTC);
  unit->pts_ms = read_f64(p + SKYRILL_UNIT_PTS);
  unit->duration_ms = read_f64(p + SKYRILL_UNIT_DURATION);
  unit->slice = read_i32(p + SKYRILL_UNIT_SLICE);
  unit->idr = read_i32(p + SKYRILL_UNIT_IDR);
  unit->closed = read_i32(p + SKYRILL_UNIT_CLOSED);
  unit->video_frames = read_i32(p + SKYRILL_UNIT_FRAMES);
  return 1;
}

int skyrill_get_frame(skyrill_channel *channel, int32_t number, skyrill_frame *frame) {
  int32_t address;
  const uint8_t *p;
  CALL(channel, address, Z_skyrill_coreZ_frame_address(&channel->core, (u32)number));
  if (address <= 0) return 0;
  p = at(channel, (uint32_t)address);
  frame->position = read_f64(p + SKYRILL_FRAME_POSITION);
  frame->pts_ms = read_f64(p + SKYRILL_FRAME_PTS);
  frame->utc_ms = read_f64(p + SKYRILL_FRAME_UTC);
  frame->seq = read_i32(p + SKYRILL_FRAME_SEQ);
  frame->idr = read_i32(p + SKYRILL_FRAME_IDR);
  return 1;
}

const uint8_t *skyrill_init_segment(skyrill_channel *channel, int32_t id, size_t *length) {
  int32_t address, bytes;
  CALL(channel, address, Z_skyrill_coreZ_init_address(&channel->core, (u32)id));
  CALL(channel, bytes, Z_skyrill_coreZ_init_length(&channel->core, (u32)id));
  *length = bytes > 0 ? (size_t)bytes : 0;
  return address > 0 ? at(channel, (uint32_t)address) : NULL;
}

int32_t skyrill_state_i32(const skyrill_channel *channel, int32_t offset) { return read_i32(channel->state + offset); }

double skyrill_state_f64(const skyrill_channel *channel, int32_t offset) { return read_f64(channel->state + offset); }
