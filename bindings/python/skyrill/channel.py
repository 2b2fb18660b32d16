"""One channel: one instance of the core."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn, Protocol

from . import abi
from .engine import Core
from .records import Frame, Slice, Unit

if TYPE_CHECKING:
    from typing_extensions import Buffer  # collections.abc.Buffer from Python 3.12 on


class SkyrillError(Exception):
    """The core refused; ``status`` is one of ``abi``'s numbers, ``name`` its name."""

    def __init__(self, status: int, shortfall: int = 0) -> None:
        self.status = status
        self.shortfall = shortfall
        self.name, message = abi.STATUS.get(status, ("UNKNOWN", "unknown status"))
        missing = f" ({shortfall} bytes are missing)" if shortfall else ""
        super().__init__(f"{self.name} ({status}): {message}{missing}")


@dataclass(slots=True)
class Config:
    """Fields and order of the ABI's config block; the defaults are MPEG-TS with H.264 and no sound."""

    ring_bytes: int
    """u32MaxGopSize: a multiple of 4096"""
    format: int = abi.FORMAT_TS
    video_codec: int = abi.VIDEO_H264
    audio_input: int = abi.AUDIO_NONE
    sample_rate: int = 0
    """Hz; 0 with AAC: from the ADTS header"""
    channels: int = 0
    """1 or 2; 0 with AAC: from the ADTS header"""
    audio_bit_rate: int = 0
    """bit/s of the AAC encoder; 0: its default"""
    nominal_fps: int = 0
    """0: variable"""
    slice_min_ms: int = 10_000
    """a slice ends at the first IDR at least this long after its start"""
    slice_max_ms: int = 60_000
    """a slice ends here when no IDR comes"""
    full_policy: int = abi.POLICY_EVICT


class Sink(Protocol):
    """What ``Channel.drain`` writes to: a blocking binary file or socket file, or anything with its ``write``.

    The number that ``write`` returns says how much was taken, as raw files do; ``None`` is all of it.
    """

    def write(self, data: memoryview, /) -> int | None: ...


class _Closed:
    """Stands in for the core of a closed channel."""

    def __getattr__(self, name: str) -> NoReturn:
        raise ValueError("the channel is closed")


_I32 = struct.Struct("<i").unpack_from
_F64 = struct.Struct("<d").unpack_from
_LENGTH_MAX = 0x7FFF_FFFF


class Channel:
    """Methods raise ``SkyrillError`` when the core refuses and return its notice (0: none) otherwise.

    Calls of one channel must not overlap; channels are independent of each other, also across threads (the interpreter lock is not
    held inside the core). A context manager: ``with Channel(config) as channel``.
    """

    def __init__(self, config: Config) -> None:
        self._core: Core | _Closed = _Closed()
        core = Core()
        status = core.open(astuple(config))
        if status < 0:
            raise SkyrillError(status)
        self._core = core
        self._state = core.call["state"]()
        self._audio = core.call["audio_buffer"]()
        self._ring = self.state_i32(abi.STATE_RING_ADDRESS)
        self._ring_size = self.state_i32(abi.STATE_RING_SIZE)
        self._reserved = 0
        self._drain_slice = 0
        self._last_init = -1

    def close(self) -> None:
        """Ends the channel; later calls raise ``ValueError``. Its memory goes with the last view of it. ``flush`` is not implied."""
        self._core = _Closed()

    def __enter__(self) -> Channel:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _call(self, name: str, *arguments: float) -> int:
        return self._core.call[name](*arguments)

    def _answer(self, status: int) -> int:
        if status < 0:
            room = status in (abi.RING_FULL, abi.RING_TOO_SMALL)
            raise SkyrillError(status, self.state_i32(abi.STATE_SHORTFALL) if room else 0)
        return status

    # ── in ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def push_video(self, frame: Buffer, *, pts_ms: float, utc_ms: float, seq: int, frame_type: int) -> int:
        """One access unit (Annex B) as bytes, memoryview, numpy array: one copy, into the ring."""
        view = memoryview(frame).cast("B")
        try:
            room = self.reserve(len(view))
        except SkyrillError as error:
            if error.status != abi.RING_RETRY:
                raise
            room = self.reserve(len(view))
        room[:] = view
        return self.push_reserved(len(view), pts_ms=pts_ms, utc_ms=utc_ms, seq=seq, frame_type=frame_type)

    def reserve(self, length: int) -> memoryview:
        """Room inside the ring for a frame; write it there, then call ``push_reserved``. Valid until the next call.

        ``RING_RETRY``: a fragment was closed to make room; call again, before or after reading it.
        """
        if length > _LENGTH_MAX:
            raise SkyrillError(abi.RING_TOO_SMALL, _LENGTH_MAX)
        self._reserved = self._answer(self._call("reserve", length))
        return self._core.memory[self._reserved : self._reserved + length]

    def push_reserved(self, length: int, *, pts_ms: float, utc_ms: float, seq: int, frame_type: int) -> int:
        """Muxes the frame of ``length`` bytes at the start of the reserved room, in place."""
        return self._answer(self._call("push_video", self._reserved, length, pts_ms, utc_ms, seq, frame_type))

    def push_audio(self, frame: Buffer, *, pts_ms: float, utc_ms: float, seq: int) -> int:
        """ADTS frames, or 1024 samples per channel of PCM (int16, little-endian) or G.711."""
        view = memoryview(frame).cast("B")
        if len(view) > abi.AUDIO_INPUT_BYTES:
            raise SkyrillError(abi.AUDIO_LENGTH)
        self._core.memory[self._audio : self._audio + len(view)] = view
        return self._answer(self._call("push_audio", self._audio, len(view), pts_ms, utc_ms, seq))

    def flush(self, why: int = abi.CLOSED_STOP) -> int:
        """Ends the open slice."""
        return self._answer(self._call("flush", why))

    def close_fragment(self) -> int:
        """To be called after a second without frames: what waits becomes visible."""
        return self._answer(self._call("close_fragment"))

    # ── out ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def head(self) -> float:
        """End of what may be read, as a position: bytes since open."""
        return self.state_f64(abi.STATE_HEAD)

    @property
    def tail(self) -> float:
        """Start of what is still in the ring."""
        return self.state_f64(abi.STATE_TAIL)

    def pieces(self, start: float, end: float) -> list[memoryview]:
        """[start, end) as one or two views, valid until they are released."""
        offset = int(start - self.state_f64(abi.STATE_ORIGIN)) % self._ring_size
        length = max(0, int(end - start))
        first = min(length, self._ring_size - offset)
        at = self._ring + offset
        memory = self._core.memory
        views = [memory[at : at + first], memory[self._ring : self._ring + length - first]]
        return [view.toreadonly() for view in views if len(view) > 0]

    def release(self, position: float) -> None:
        """Ends the use of everything below ``position``."""
        self._answer(self._call("release", position))

    def hold(self, start: float, end: float) -> None:
        """Keeps [start, end) from eviction while a request is in flight; ``hold(0, 0)`` ends it."""
        self._answer(self._call("hold", start, end))

    def drain(self, sink: Sink, position: float | None = None) -> int:
        """Writes everything (up to ``position``) and releases it: a file as it grows. Returns the bytes written.

        With fMP4 the init segment goes in front.
        """
        start = self.tail
        end = self.head if position is None else position
        written = 0
        while start < end:
            record = self._slice_at(start)
            if record.init >= 0 and record.init != self._last_init:
                written += _write_all(sink, self.init_segment(record.init))
                self._last_init = record.init
            stop = min(end, record.end)
            for piece in self.pieces(start, stop):
                written += _write_all(sink, piece)
                start += len(piece)
                self.release(start)
        return written

    def _slice_at(self, position: float) -> Slice:
        while self._drain_slice < self.state_i32(abi.STATE_NEXT_SLICE):
            record = self.slice(self._drain_slice)
            if record is not None and position < record.end:
                return record
            self._drain_slice += 1
        raise SkyrillError(abi.RING_POSITION)

    def init_segment(self, number: int) -> memoryview:
        """Init segment (fMP4) with this id. A slice's file is its init segment and its bytes."""
        at = self._call("init_address", number)
        return self._core.memory[at : at + self._call("init_length", number)].toreadonly()

    # ── records and state ───────────────────────────────────────────────────────────────────────────────────────────

    def slice(self, number: int) -> Slice | None:
        at = self._call("slice_address", number)
        return Slice.read(self._core.memory, at) if at else None

    def slices(self) -> Iterator[Slice]:
        """Slices in the table, oldest first."""
        for number in range(self.state_i32(abi.STATE_FIRST_SLICE), self.state_i32(abi.STATE_NEXT_SLICE)):
            record = self.slice(number)
            if record is not None:
                yield record

    def unit(self, number: int) -> Unit | None:
        at = self._call("unit_address", number)
        return Unit.read(self._core.memory, at) if at else None

    def frame(self, number: int) -> Frame | None:
        at = self._call("frame_address", number)
        return Frame.read(self._core.memory, at) if at else None

    def state_i32(self, offset: int) -> int:
        """A 32-bit field of the state block: ``abi.STATE_*`` from ``STATE_RING_ADDRESS`` on."""
        value: int = _I32(self._core.memory, self._state + offset)[0]
        return value

    def state_f64(self, offset: int) -> float:
        """A 64-bit field of the state block: ``abi.STATE_*`` before ``STATE_RING_ADDRESS``."""
        value: float = _F64(self._core.memory, self._state + offset)[0]
        return value


def _write_all(sink: Sink, data: memoryview) -> int:
    """Raw files and sockets may take a part."""
    rest = data
    while len(rest) > 0:
        taken = sink.write(rest)
        rest = rest[len(rest) if taken is None else taken :]
    return len(data)
