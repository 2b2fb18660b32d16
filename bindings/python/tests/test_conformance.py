"""Runs tests/conformance; its README says what each step does. Plain unittest: python -m unittest discover -s tests"""

from __future__ import annotations

import hashlib
import json
import math
import struct
import unittest
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from skyrill import Channel, Config, SkyrillError, abi

FOLDER = Path(__file__).parents[3] / "tests" / "conformance"
FRAME_MS = 40
VECTORS = json.loads((FOLDER / "vectors.json").read_text())
DATA = (FOLDER / VECTORS["data"]["file"]).read_bytes()
CONFIG = {
    "ringBytes": "ring_bytes", "format": "format", "videoCodec": "video_codec", "audioInput": "audio_input",
    "sampleRate": "sample_rate", "channels": "channels", "audioBitRate": "audio_bit_rate", "nominalFps": "nominal_fps",
    "sliceMinMs": "slice_min_ms", "sliceMaxMs": "slice_max_ms", "fullPolicy": "full_policy",
}  # fmt: skip


def piece(name: str) -> bytes:
    at, length = VECTORS["data"]["pieces"][name]
    return DATA[at : at + length]


def xorshift(state: int) -> Iterator[int]:
    while True:
        state ^= (state << 13) & 0xFFFFFFFF
        state ^= state >> 17
        state ^= (state << 5) & 0xFFFFFFFF
        yield state


def damage(frame: bytes, numbers: Iterator[int]) -> bytearray:
    length = next(numbers) % (len(frame) + 1) if next(numbers) & 3 == 0 else len(frame)
    copy = bytearray(frame[:length])
    for _ in range(1 + next(numbers) % 8):
        if length > 0:
            at = next(numbers) % length
            copy[at] = next(numbers) & 0xFF
    return copy


def answer(call: Callable[[], Any]) -> int:
    try:
        result = call()
    except SkyrillError as error:
        return error.status
    return result if isinstance(result, int) else 0


class Run:
    """One vector on one channel; also the sink of what it drains."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.stream = hashlib.sha256()
        self.bytes = 0
        self.slices: list[str] = []
        self.units: list[str] = []
        self.room = memoryview(b"")
        self.mutated = ""

    def write(self, data: memoryview) -> None:
        self.stream.update(data)
        self.bytes += len(data)

    def drain(self, limit: int) -> None:
        head, tail = self.channel.head, self.channel.tail
        self.channel.drain(self, min(head, tail + limit) if limit else head)
        self.collect()

    def collect(self) -> None:
        while (s := self.channel.slice(len(self.slices))) is not None and s.closed:
            fields = (s.number, s.start, s.end, s.lost_bytes, s.utc_ms_a, s.utc_ms_b, s.pts_ms_a, s.pts_ms_b, s.seq_a, s.seq_b,
                      s.video_frames, s.audio_frames, s.closed, s.discontinuity, s.tracks, s.init)  # fmt: skip
            self.slices.append(" ".join(str(int(field)) for field in fields))
        while (u := self.channel.unit(len(self.units))) is not None and u.closed:
            duration_us = math.floor(u.duration_ms * 1000 + 0.5)
            fields = (u.start, u.end, u.utc_ms, u.pts_ms, duration_us, u.slice, u.idr, u.video_frames)
            self.units.append(" ".join(str(int(field)) for field in fields))

    def do(self, step: dict[str, Any]) -> int:
        channel = self.channel
        stamp = {key: step[name] for key, name in (("pts_ms", "pts"), ("utc_ms", "utc"), ("seq", "seq")) if name in step}
        match step["do"]:
            case "video":
                return answer(lambda: channel.push_video(piece(step["data"]), **stamp, frame_type=step["type"]))
            case "audio":
                return answer(lambda: channel.push_audio(piece(step["data"]), **stamp))
            case "reserve":
                return answer(lambda: self.reserve(step["bytes"]))
            case "commit":
                frame = piece(step["data"])
                self.room[: len(frame)] = frame
                return answer(lambda: channel.push_reserved(len(frame), **stamp, frame_type=step["type"]))
            case "flush":
                return answer(lambda: channel.flush(step["why"]))
            case "closeFragment":
                return answer(channel.close_fragment)
            case "hold":
                return answer(lambda: channel.hold(step["from"], step["to"]))
            case "release":
                return answer(lambda: channel.release(step["position"]))
            case "drain":
                self.drain(step["bytes"])
            case "mutate":
                self.mutate(step)
            case other:
                raise ValueError(other)
        return 0

    def reserve(self, length: int) -> None:
        self.room = self.channel.reserve(length)

    def mutate(self, step: dict[str, Any]) -> None:
        numbers = xorshift(step["seed"])
        statuses = b""
        kinds = step["pieces"]
        for i in range(step["count"]):
            frame = damage(piece(kinds[i % len(kinds)]), numbers)
            later = FRAME_MS * i
            kind = abi.FRAME_I if i % len(kinds) == 0 else abi.FRAME_P
            stamp = {"pts_ms": step["pts"] + later, "utc_ms": step["utc"] + later, "seq": step["seq"] + i}
            status = answer(lambda: self.channel.push_video(frame, **stamp, frame_type=kind))  # noqa: B023
            statuses += struct.pack("<i", status)
            self.drain(0)
        self.mutated = hashlib.sha256(statuses).hexdigest()


class Conformance(unittest.TestCase):
    def check(self, vector: dict[str, Any]) -> None:
        config = Config(**{CONFIG[key]: value for key, value in vector["config"].items()})
        if vector["open"] != 0:
            with self.assertRaises(SkyrillError) as refused:
                Channel(config)
            self.assertEqual(refused.exception.status, vector["open"])
            return
        run = Run(Channel(config))
        for index, step in enumerate(vector["steps"]):
            self.assertEqual(run.do(step), step.get("status", 0), f"step {index} {step}")
            if step["do"] == "mutate":
                self.assertEqual(run.mutated, step["sha256"], "statuses of damaged frames")
        run.collect()
        expect = vector["expect"]
        self.assertEqual(run.slices, expect["slices"])
        self.assertEqual(run.units, expect["units"])
        self.assertEqual(run.bytes, expect["stream"]["bytes"])
        self.assertEqual(run.stream.hexdigest(), expect["stream"]["sha256"])
        for offset, kind, value, name in expect["state"]:
            read = run.channel.state_i32 if kind == "i32" else run.channel.state_f64
            self.assertEqual(read(offset), value, name)

    def test_vectors(self) -> None:
        self.assertEqual(VECTORS["abi"], abi.ABI_VERSION)
        passed = 0
        for vector in VECTORS["vectors"]:
            with self.subTest(vector["name"]):
                self.check(vector)
                passed += 1
        print(f"{passed} vectors")

if __name__ == "__main__":
    unittest.main()
