"""What the vectors do not show: buffers, views, ends, errors, and calls that make no sense."""

from __future__ import annotations

import gc
import io
import random
import unittest
from pathlib import Path
from typing import Any

from skyrill import Channel, Config, SkyrillError, abi
from skyrill.engine import prepare
from wasmtime import Engine, Instance, Module, Store, Trap

EXAMPLE = (Path(__file__).parents[3] / "tests" / "conformance" / "example.h264").read_bytes()
IDR = EXAMPLE[: EXAMPLE.index(b"\0\0\0\1\x41")]
"""The first access unit ends at the second picture: a P slice."""


def new_channel(**fields: int) -> Channel:
    return Channel(Config(ring_bytes=65536, **fields))


def push(channel: Channel, frame: Any, ms: float = 0) -> int:
    return channel.push_video(frame, pts_ms=ms, utc_ms=ms, seq=0, frame_type=abi.FRAME_I)


class Buffers(unittest.TestCase):
    def test_every_kind_of_buffer(self) -> None:
        import numpy

        for buffer in (IDR, bytearray(IDR), memoryview(IDR), numpy.frombuffer(IDR, numpy.uint8)):
            self.assertEqual(push(new_channel(), buffer), 0)

    def test_samples_as_a_numpy_array_of_both_channels(self) -> None:
        import numpy

        channel = new_channel(video_codec=abi.VIDEO_NONE, audio_input=abi.AUDIO_PCM, sample_rate=16000, channels=2)
        samples = numpy.zeros((1024, 2), numpy.int16)
        for number in range(8):
            channel.push_audio(samples, pts_ms=64 * number, utc_ms=64 * number, seq=number)
        self.assertEqual(channel.state_i32(abi.STATE_AUDIO_RATE), 16000)
        self.assertEqual(channel.state_i32(abi.STATE_AUDIO_CHANNELS), 2)

    def test_views_cannot_be_written(self) -> None:
        channel = new_channel()
        push(channel, IDR)
        with self.assertRaises(TypeError):
            channel.pieces(channel.tail, channel.head)[0][0] = 0

    def test_a_reserved_frame_is_muxed_where_it_was_written(self) -> None:
        copied, in_place = new_channel(), new_channel()
        push(copied, IDR)
        self.assertEqual(io.BytesIO(IDR).readinto(in_place.reserve(len(IDR))), len(IDR))
        in_place.push_reserved(len(IDR), pts_ms=0, utc_ms=0, seq=0, frame_type=abi.FRAME_I)
        files = []
        for channel in (copied, in_place):
            channel.flush()
            channel.drain(out := io.BytesIO())
            files.append(out.getvalue())
        self.assertEqual(files[0], files[1])


class RawFile:
    """Takes a part of what is written, as a raw file or a socket may."""

    def __init__(self) -> None:
        self.bytes = b""

    def write(self, data: memoryview, /) -> int:
        taken = min(len(data), 100)
        self.bytes += data[:taken]
        return taken


class Drain(unittest.TestCase):
    def test_a_sink_may_take_parts(self) -> None:
        parts, whole = RawFile(), io.BytesIO()
        for sink in (parts, whole):
            channel = new_channel(format=abi.FORMAT_FMP4)
            push(channel, IDR)
            channel.flush()
            self.assertGreater(channel.drain(sink), len(IDR))
            self.assertEqual(channel.tail, channel.head)
        self.assertEqual(parts.bytes, whole.getvalue())


class End(unittest.TestCase):
    def test_a_closed_channel_says_so(self) -> None:
        with new_channel() as channel:
            push(channel, IDR)
        for call in (lambda: push(channel, IDR), lambda: channel.head, channel.flush, lambda: channel.slice(0)):
            with self.assertRaisesRegex(ValueError, "closed"):
                call()

    def test_a_view_outlives_its_channel(self) -> None:
        with new_channel() as channel:
            push(channel, IDR)
            view = channel.pieces(channel.tail, channel.head)[0]
            before = bytes(view)
        del channel
        gc.collect()
        self.assertEqual(bytes(view), before)


class Errors(unittest.TestCase):
    def test_an_error_names_its_status(self) -> None:
        with self.assertRaisesRegex(SkyrillError, r"PICTURE_EMPTY \(-1201\)"):
            push(new_channel(), b"")
        with self.assertRaises(SkyrillError) as refused:
            new_channel().reserve(1_000_000)
        self.assertEqual(refused.exception.name, "RING_TOO_SMALL")
        self.assertGreater(refused.exception.shortfall, 900_000)

    def test_a_trap_is_an_exception_and_the_next_call_is_none(self) -> None:
        """The core has none; this module traps when asked."""
        store = Store(Engine())
        text = """(module (func (export "f") (param i32 f64) (result i32)
            (if (i32.eqz (local.get 0)) (then unreachable)) (i32.trunc_sat_f64_s (local.get 1))))"""
        function = Instance(store, Module(store.engine, text), []).exports(store)["f"]
        call = prepare(store, function, "id")
        for _ in range(2):
            self.assertEqual(call(1, -2.5), -2)
            with self.assertRaises(Trap):
                call(0, 0)


class Nonsense(unittest.TestCase):
    """Whatever it is given, the core refuses or takes it; nothing traps and nothing is written outside."""

    NUMBERS = (0, 1, -1, 7, 188, 4096, 65536, 2**31 - 1, -(2**31), 2**32 + 1, 0.5, 1e300, -1e300, float("nan"), float("inf"))

    def test_random_calls(self) -> None:
        numbers = random.Random(1)
        for container in (abi.FORMAT_TS, abi.FORMAT_FMP4):
            channel = new_channel(format=container, audio_input=abi.AUDIO_G711A, sample_rate=8000, channels=1)
            for turn in range(3000):
                whole = [number for number in self.NUMBERS if isinstance(number, int)]
                a, b = numbers.choice(self.NUMBERS), numbers.choice(self.NUMBERS)
                n, m = numbers.choice(whole), numbers.choice(whole)
                frame = bytearray(IDR[: numbers.randrange(len(IDR) + 1)])
                for _ in range(numbers.randrange(4) if frame else 0):
                    frame[numbers.randrange(len(frame))] = numbers.randrange(256)
                calls = (
                    lambda: push(channel, frame, 40 * turn),
                    lambda: channel.push_video(frame, pts_ms=a, utc_ms=b, seq=n, frame_type=m),
                    lambda: channel.push_audio(frame[:1024], pts_ms=a, utc_ms=b, seq=n),
                    lambda: channel.reserve(n),
                    lambda: channel.push_reserved(n, pts_ms=a, utc_ms=b, seq=m, frame_type=n),
                    lambda: channel.flush(n),
                    channel.close_fragment,
                    lambda: channel.release(a),
                    lambda: channel.hold(a, b),
                    lambda: channel.slice(n),
                    lambda: channel.unit(n),
                    lambda: channel.frame(n),
                    lambda: channel.init_segment(n),
                    lambda: channel.drain(io.BytesIO()),
                )
                try:
                    numbers.choice(calls)()
                except SkyrillError as error:
                    self.assertNotEqual(error.name, "UNKNOWN")


if __name__ == "__main__":
    unittest.main()
