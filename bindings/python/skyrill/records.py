"""Records of the core's tables, read out of its memory."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from . import abi

_I32 = struct.Struct("<i").unpack_from
_F64 = struct.Struct("<d").unpack_from


@dataclass(frozen=True, slots=True)
class Slice:
    """A file that plays by itself. Positions are bytes since open; ``end`` grows while the slice is open."""

    number: int
    start: float
    end: float
    lost_bytes: float
    utc_ms_a: float
    utc_ms_b: float
    pts_ms_a: float
    pts_ms_b: float
    seq_a: int
    seq_b: int
    video_frames: int
    audio_frames: int
    closed: int
    """``CLOSED_*``, 0 while open"""
    discontinuity: bool
    tracks: int
    """``TRACK_*`` bits"""
    init: int
    """id of its init segment, -1 with TS"""

    @classmethod
    def read(cls, memory: memoryview, at: int) -> Slice:
        return cls(
            number=_I32(memory, at + abi.SLICE_NUMBER)[0],
            start=_F64(memory, at + abi.SLICE_START)[0],
            end=_F64(memory, at + abi.SLICE_END)[0],
            lost_bytes=_F64(memory, at + abi.SLICE_LOST)[0],
            utc_ms_a=_F64(memory, at + abi.SLICE_UTC_A)[0],
            utc_ms_b=_F64(memory, at + abi.SLICE_UTC_B)[0],
            pts_ms_a=_F64(memory, at + abi.SLICE_PTS_A)[0],
            pts_ms_b=_F64(memory, at + abi.SLICE_PTS_B)[0],
            seq_a=_I32(memory, at + abi.SLICE_SEQ_A)[0],
            seq_b=_I32(memory, at + abi.SLICE_SEQ_B)[0],
            video_frames=_I32(memory, at + abi.SLICE_VIDEO_FRAMES)[0],
            audio_frames=_I32(memory, at + abi.SLICE_AUDIO_FRAMES)[0],
            closed=_I32(memory, at + abi.SLICE_CLOSED)[0],
            discontinuity=_I32(memory, at + abi.SLICE_DISCONTINUITY)[0] != 0,
            tracks=_I32(memory, at + abi.SLICE_TRACKS)[0],
            init=_I32(memory, at + abi.SLICE_INIT)[0],
        )


@dataclass(frozen=True, slots=True)
class Unit:
    """A GOP (TS) or a fragment (fMP4)."""

    start: float
    end: float
    utc_ms: float
    pts_ms: float
    duration_ms: float
    slice: int
    idr: bool
    closed: bool
    video_frames: int

    @classmethod
    def read(cls, memory: memoryview, at: int) -> Unit:
        return cls(
            start=_F64(memory, at + abi.UNIT_START)[0],
            end=_F64(memory, at + abi.UNIT_END)[0],
            utc_ms=_F64(memory, at + abi.UNIT_UTC)[0],
            pts_ms=_F64(memory, at + abi.UNIT_PTS)[0],
            duration_ms=_F64(memory, at + abi.UNIT_DURATION)[0],
            slice=_I32(memory, at + abi.UNIT_SLICE)[0],
            idr=_I32(memory, at + abi.UNIT_IDR)[0] != 0,
            closed=_I32(memory, at + abi.UNIT_CLOSED)[0] != 0,
            video_frames=_I32(memory, at + abi.UNIT_FRAMES)[0],
        )


@dataclass(frozen=True, slots=True)
class Frame:
    """A video frame in the ring's index."""

    position: float
    pts_ms: float
    utc_ms: float
    seq: int
    idr: bool

    @classmethod
    def read(cls, memory: memoryview, at: int) -> Frame:
        return cls(
            position=_F64(memory, at + abi.FRAME_POSITION)[0],
            pts_ms=_F64(memory, at + abi.FRAME_PTS)[0],
            utc_ms=_F64(memory, at + abi.FRAME_UTC)[0],
            seq=_I32(memory, at + abi.FRAME_SEQ)[0],
            idr=_I32(memory, at + abi.FRAME_IDR)[0] != 0,
        )
