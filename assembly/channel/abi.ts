/** The ABI's functions: snake_case because C, Python and Rust callers read them; plain i32 and f64. */
import { ABI_VERSION, STATE_LAST_STATUS } from '../abi';
import { audioInputAddress } from '../audio/input-buffer';
import { configAddress } from '../config';
import { initAddress, initLength } from '../fmp4/init-store';
import { holdRange, releaseTo } from '../gop/policy';
import { addressAt } from '../gop/ring';
import { dropReservation, reservedAt } from '../gop/room';
import { frameAddress, sliceAddress, unitAddress } from '../gop/tables';
import { countUnits } from '../nal/start-code';
import { setI32, stateAddress } from '../state';
import { CONFIG_NOT_OPEN, OK, PICTURE_EMPTY, RING_ADDRESS, RING_RETRY } from '../status';
import { isOpen, setNeedIdr } from './channel';
import { closeFragment, flush as flushChannel } from './flush';
import { open as openInstance, requiredBytes } from './open';
import { pushAudio } from './push-audio';
import { isInMemory, pushVideo, reserveVideo } from './push-video';
import { countRefusal } from './refusals';

function done(status: i32): i32 {
  setI32(STATE_LAST_STATUS, status);
  return status;
}

export function abi_version(): i32 {
  return ABI_VERSION;
}

/** Address of the config block. */
export function config(): i32 {
  return <i32>configAddress();
}

/** Address of the state block. */
export function state(): i32 {
  return <i32>stateAddress();
}

export function required_bytes(): i32 {
  return requiredBytes();
}

export function open(): i32 {
  return openInstance();
}

/**
 * Address for a video frame of `length` bytes, or a negative status: then that frame counts as refused. The room is taken by the next
 * push_video.
 */
export function reserve(length: i32): i32 {
  const status = reserveVideo(length);
  if (status != OK) {
    dropReservation();
    if (status == RING_RETRY) return done(status);
    countRefusal(status);
    if (isOpen && status != PICTURE_EMPTY) setNeedIdr(true); // the frame it was for is missing
    return done(status);
  }
  return <i32>reservedAt;
}

export function push_video(address: i32, length: i32, pts_ms: f64, utc_ms: f64, seq: i32, frame_type: i32): i32 {
  return done(pushVideo(<u32>address, length, pts_ms, utc_ms, seq, frame_type));
}

/** Address of AUDIO_INPUT_BYTES for an audio push. */
export function audio_buffer(): i32 {
  return <i32>audioInputAddress();
}

export function push_audio(address: i32, length: i32, pts_ms: f64, utc_ms: f64, seq: i32): i32 {
  return done(pushAudio(<u32>address, length, pts_ms, utc_ms, seq));
}

export function flush(why: i32): i32 {
  return done(flushChannel(why));
}

export function close_fragment(): i32 {
  return done(closeFragment());
}

/** The uplink is done with everything below this position. */
export function release(position: f64): i32 {
  return done(isOpen ? releaseTo(<i64>position) : CONFIG_NOT_OPEN);
}

/** Bytes [from, to) of a request in flight; hold(x, x) ends it. */
export function hold(from: f64, to: f64): i32 {
  return done(isOpen ? holdRange(<i64>from, <i64>to) : CONFIG_NOT_OPEN);
}

/** Where a position of [tail, head) lies. */
export function address_of(position: f64): i32 {
  return isOpen ? <i32>addressAt(<i64>position) : 0;
}

/** Addresses of records; 0 when the number is not in the table. */
export function slice_address(number: i32): i32 {
  return <i32>sliceAddress(number);
}

export function unit_address(number: i32): i32 {
  return <i32>unitAddress(number);
}

export function frame_address(number: i32): i32 {
  return <i32>frameAddress(number);
}

/** Init segment with this id (fMP4): its address and length, 0 when it is not kept. */
export function init_address(id: i32): i32 {
  return <i32>initAddress(id);
}

export function init_length(id: i32): i32 {
  return initLength(id);
}

/** NAL units in a byte stream: the scanner alone. */
export function count_nal_units(address: i32, length: i32): i32 {
  return length > 0 && isInMemory(<u32>address, length) ? countUnits(<u32>address, length) : RING_ADDRESS;
}
