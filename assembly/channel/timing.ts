/**
 * Is a timestamp what a camera's clock gives? Detects steps back, jumps, and two classic mistakes:
 * PTS in microseconds and PTS that counts frames. Each has its own status; recording goes on at the
 * next IDR with a new slice.
 */
import {
  NOTICE_DISCONTINUITY, OK, TIME_FRAME_NUMBERS, TIME_JUMP, TIME_MICROSECONDS, TIME_RANGE,
  TIME_STEP_BACK,
} from '../status';

/** 2^53: beyond it an f64 cannot hold every millisecond. */
const PTS_MAX: f64 = 9007199254740992;
/**
 * Cameras that skip pictures at night or on still scenes stay below this; a longer silence is a new
 * start.
 */
export const JUMP_MS: f64 = 10000;
/**
 * Intervals of 8 to 200 fps read as microseconds: 5000 .. 125000. Two alike in a row are taken for
 * it.
 */
const MICROSECONDS_MIN: f64 = 5000;
const MICROSECONDS_MAX: f64 = 250000;
/**
 * Frames in a row at most this far apart count frames, not milliseconds: no camera makes 250
 * pictures a second.
 */
const FRAME_NUMBER_STEP_MS: f64 = 4;
const FRAME_NUMBER_RUN: i32 = 12;
/** Audio further away than this from the video beside it is on another epoch. */
export const AV_DISTANCE_MS: f64 = 10000;

let lastPtsMs: f64 = -1;
let lastStepMs: f64 = 0;
let intervalMs: f64 = 0; // last plausible step
let shortRun: i32 = 0;
let mistaken: i32 = OK; // the mistake that was seen, until a plausible interval

export function clearTiming(): void {
  lastPtsMs = -1;
  lastStepMs = 0;
  intervalMs = 0;
  shortRun = 0;
  mistaken = OK;
}

/** Interval between the last two frames that followed each other, ms; 0 = unknown. */
export function lastInterval(): f64 {
  return intervalMs;
}

export function isPlausibleTime(ms: f64): bool {
  return ms >= 0 && ms < PTS_MAX; // false for NaN
}

/** Closer look at a step forward that is too long. */
function judgeJump(step: f64): i32 {
  const alike = lastStepMs > 0 && abs<f64>(step - lastStepMs) < step * 0.5;
  if (alike && step >= MICROSECONDS_MIN && step <= MICROSECONDS_MAX) mistaken = TIME_MICROSECONDS;
  return mistaken == TIME_MICROSECONDS ? TIME_MICROSECONDS : TIME_JUMP;
}

/**
 * Checks a video frame's PTS and remembers it. OK; NOTICE_DISCONTINUITY when the frame may start a
 * new slice because it is a random access point; or why it is refused.
 */
export function checkTime(ptsMs: f64, randomAccess: bool): i32 {
  if (!isPlausibleTime(ptsMs)) return TIME_RANGE;
  const step = ptsMs - lastPtsMs;
  const started = lastPtsMs >= 0;
  lastPtsMs = ptsMs;
  if (!started) return OK;
  let status = OK;
  if (step <= 0) status = TIME_STEP_BACK;
  else if (step > JUMP_MS) status = judgeJump(step);
  else if (step <= FRAME_NUMBER_STEP_MS) {
    if (++shortRun >= FRAME_NUMBER_RUN) status = TIME_FRAME_NUMBERS;
  } else shortRun = 0;
  lastStepMs = step;
  if (status == OK) {
    mistaken = OK;
    intervalMs = step;
    return OK;
  }
  // every frame is wrong: an IDR is no better
  if (status == TIME_MICROSECONDS || status == TIME_FRAME_NUMBERS) return status;
  return randomAccess ? NOTICE_DISCONTINUITY : status;
}
