/** Lays the memory out: static tables below, then the ring; grows once, never later. */
import {
  AUDIO_AAC, AUDIO_NONE, CONFIG_AUDIO_INPUT, CONFIG_CHANNELS, CONFIG_SAMPLE_RATE,
  STATE_INIT_SEGMENT, STATE_LAST_STATUS, STATE_MEMORY_BYTES,
} from '../abi';
import { clearSide } from '../audio/side-buffer';
import { initCrc32 } from '../bits/crc32-mpeg';
import { checkConfig, field, isTs, ringBytes, transcodes } from '../config';
import { openRing } from '../gop/ring';
import { dropReservation } from '../gop/room';
import { clearTables } from '../gop/tables';
import { clearSets } from '../nal/parameter-sets';
import { clearState, setI32 } from '../state';
import { CONFIG_ALREADY_OPEN, CONFIG_MEMORY, OK } from '../status';
import { openTs } from '../ts/muxer';
import { PACKET_BYTES } from '../ts/packet';
import { clearVideo } from '../video/access-unit';
import { openAudioTrack } from './audio-track';
import { isOpen, openChannel } from './channel';
import { openAudio } from './push-audio';
import { openVideo } from './push-video';
import { openFmp4Channel } from './fmp4-channel';
import { clearTiming } from './timing';
import { openTranscoder, transcoderBytes } from './transcoder';
import { openTsChannel } from './ts-channel';

/** What everything but the ring may take. Spec: iv_cs, chapter 5 note 7 */
const BASE_BYTES: i32 = 100 * 1024;
const ENCODER_MONO_BYTES: i32 = 120 * 1024;
const ENCODER_STEREO_BYTES: i32 = 160 * 1024;
const PAGE: i32 = 65536;
const RING_ALIGNMENT: usize = 64;

/**
 * Memory size in bytes that the configuration needs, in whole pages; a negative status when it is
 * out of range.
 */
export function requiredBytes(): i32 {
  const status = checkConfig();
  if (status != OK) return status;
  const encoder = !transcodes() ? 0 : field(CONFIG_CHANNELS) == 2 ? ENCODER_STEREO_BYTES : ENCODER_MONO_BYTES;
  const bytes = ringBytes() + BASE_BYTES + encoder;
  return ((bytes + PAGE - 1) / PAGE) * PAGE;
}

export function open(): i32 {
  if (isOpen) return CONFIG_ALREADY_OPEN;
  const bytes = requiredBytes();
  if (bytes < 0) return bytes;
  const missing = bytes / PAGE - memory.size();
  if (missing > 0 && memory.grow(missing) < 0) return CONFIG_MEMORY;
  const base = (__heap_base + (RING_ALIGNMENT - 1)) & ~(RING_ALIGNMENT - 1);
  const encoder = base + ((ringBytes() + 15) & ~15);
  const end = encoder + (transcodes() ? <usize>transcoderBytes(field(CONFIG_SAMPLE_RATE), field(CONFIG_CHANNELS)) : 0);
  if (<i64>end > <i64>bytes) return CONFIG_MEMORY;
  clearState();
  setI32(STATE_MEMORY_BYTES, memory.size() * PAGE);
  setI32(STATE_INIT_SEGMENT, -1);
  openRing(base, isTs() ? ringBytes() - (ringBytes() % PACKET_BYTES) : ringBytes());
  dropReservation();
  clearTables();
  clearSets();
  clearVideo();
  clearSide();
  clearTiming();
  initCrc32();
  openTs();
  openTsChannel();
  openFmp4Channel();
  openVideo();
  openAudio();
  openTranscoder(encoder);
  openAudioTrack(field(CONFIG_SAMPLE_RATE), field(CONFIG_CHANNELS));
  openChannel();
  return OK;
}
