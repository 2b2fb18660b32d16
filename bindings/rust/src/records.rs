//! Records of the core's tables, read out of its memory.

use crate::abi::*;

pub(crate) fn i32_at(memory: &[u8], at: usize) -> i32 {
    i32::from_le_bytes(memory[at..at + 4].try_into().unwrap())
}

pub(crate) fn f64_at(memory: &[u8], at: usize) -> f64 {
    f64::from_le_bytes(memory[at..at + 8].try_into().unwrap())
}

/// A file that plays by itself. Positions are bytes since open; `end` grows while the slice is open.
#[derive(Clone, Debug, PartialEq)]
pub struct Slice {
    /// Counts from 0.
    pub number: i32,
    /// Position of its first byte.
    pub start: f64,
    /// Position behind its last byte.
    pub end: f64,
    /// Bytes that were evicted before they were released.
    pub lost_bytes: f64,
    /// Of its first and last frame.
    pub utc_ms: (f64, f64),
    /// Of its first and last frame.
    pub pts_ms: (f64, f64),
    /// Of its first and last picture.
    pub seq: (i32, i32),
    /// Pictures in it.
    pub video_frames: i32,
    /// AAC frames in it.
    pub audio_frames: i32,
    /// `CLOSED_*`, 0 while open
    pub closed: i32,
    /// It does not continue the slice before.
    pub discontinuity: bool,
    /// `TRACK_*` bits
    pub tracks: i32,
    /// id of its init segment, -1 with TS
    pub init: i32,
}

impl Slice {
    pub(crate) fn read(m: &[u8], at: usize) -> Self {
        Slice {
            number: i32_at(m, at + SLICE_NUMBER),
            start: f64_at(m, at + SLICE_START),
            end: f64_at(m, at + SLICE_END),
            lost_bytes: f64_at(m, at + SLICE_LOST),
            utc_ms: (f64_at(m, at + SLICE_UTC_A), f64_at(m, at + SLICE_UTC_B)),
            pts_ms: (f64_at(m, at + SLICE_PTS_A), f64_at(m, at + SLICE_PTS_B)),
            seq: (i32_at(m, at + SLICE_SEQ_A), i32_at(m, at + SLICE_SEQ_B)),
            video_frames: i32_at(m, at + SLICE_VIDEO_FRAMES),
            audio_frames: i32_at(m, at + SLICE_AUDIO_FRAMES),
            closed: i32_at(m, at + SLICE_CLOSED),
            discontinuity: i32_at(m, at + SLICE_DISCONTINUITY) != 0,
            tracks: i32_at(m, at + SLICE_TRACKS),
            init: i32_at(m, at + SLICE_INIT),
        }
    }
}

/// A GOP (TS) or a fragment (fMP4).
#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    /// Position of its first byte.
    pub start: f64,
    /// Position behind its last byte.
    pub end: f64,
    /// Wall clock, milliseconds since 1970.
    pub utc_ms: f64,
    /// Presentation time, milliseconds.
    pub pts_ms: f64,
    /// Milliseconds.
    pub duration_ms: f64,
    /// Number of its slice.
    pub slice: i32,
    /// It begins with an IDR, or is one.
    pub idr: bool,
    /// It does not grow any more.
    pub closed: bool,
    /// Pictures in it.
    pub video_frames: i32,
}

impl Unit {
    pub(crate) fn read(m: &[u8], at: usize) -> Self {
        Unit {
            start: f64_at(m, at + UNIT_START),
            end: f64_at(m, at + UNIT_END),
            utc_ms: f64_at(m, at + UNIT_UTC),
            pts_ms: f64_at(m, at + UNIT_PTS),
            duration_ms: f64_at(m, at + UNIT_DURATION),
            slice: i32_at(m, at + UNIT_SLICE),
            idr: i32_at(m, at + UNIT_IDR) != 0,
            closed: i32_at(m, at + UNIT_CLOSED) != 0,
            video_frames: i32_at(m, at + UNIT_FRAMES),
        }
    }
}

/// A video frame in the ring's index.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Of its first byte, in bytes since open.
    pub position: f64,
    /// Presentation time, milliseconds.
    pub pts_ms: f64,
    /// Wall clock, milliseconds since 1970.
    pub utc_ms: f64,
    /// Number that it was pushed with.
    pub seq: i32,
    /// It begins with an IDR, or is one.
    pub idr: bool,
}

impl Frame {
    pub(crate) fn read(m: &[u8], at: usize) -> Self {
        Frame {
            position: f64_at(m, at + FRAME_POSITION),
            pts_ms: f64_at(m, at + FRAME_PTS),
            utc_ms: f64_at(m, at + FRAME_UTC),
            seq: i32_at(m, at + FRAME_SEQ),
            idr: i32_at(m, at + FRAME_IDR) != 0,
        }
    }
}
