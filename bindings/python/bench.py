"""Measures pushes: bench.py CAMERA SMALL SOUND. What it prints is read by bench/bindings."""

import struct
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns

from skyrill import Channel, Config, abi

RING_BYTES = 4 << 20
BATCHES = 25
BATCH_NS = 40_000_000
SOUND_PUSH = 2 * 1024
SOUND_RATE = 16_000


def pictures(path: str) -> list[tuple[memoryview, int]]:
    file = memoryview(Path(path).read_bytes())
    (count,) = struct.unpack_from("<I", file)
    at = 4 + 8 * count
    frames = []
    for length, kind in struct.iter_unpack("<II", file[4:at]):
        frames.append((file[at : at + length], kind))
        at += length
    return frames


def measure(name: str, per_pass: int, run: Callable[[], None]) -> None:
    """The fastest of batches of passes: what else runs can only add to it. The first batch warms up."""
    ns = []
    for _ in range(BATCHES + 1):
        start, frames = perf_counter_ns(), 0
        while perf_counter_ns() - start < BATCH_NS:
            run()
            frames += per_pass
        ns.append((perf_counter_ns() - start) / frames)
    print(f"{name} {min(ns[1:]):.1f}")


def video(name: str, path: str, container: int) -> None:
    channel = Channel(Config(RING_BYTES, format=container))
    frames = pictures(path)
    ms, seq = 60_000, 0

    def run() -> None:
        nonlocal ms, seq
        for frame, kind in frames:
            channel.push_video(frame, pts_ms=ms, utc_ms=ms, seq=seq, frame_type=kind)
            channel.release(channel.head)
            ms += 40
            seq += 1

    measure(name, len(frames), run)


def sound(path: str) -> None:
    config = Config(RING_BYTES, video_codec=abi.VIDEO_NONE, audio_input=abi.AUDIO_PCM, sample_rate=SOUND_RATE, channels=1)
    channel = Channel(config)
    file = memoryview(Path(path).read_bytes())
    ms = 0

    def run() -> None:
        nonlocal ms
        for at in range(0, len(file) - SOUND_PUSH + 1, SOUND_PUSH):
            channel.push_audio(file[at : at + SOUND_PUSH], pts_ms=ms, utc_ms=ms, seq=ms)
            channel.release(channel.head)
            ms += 64

    measure("aac", len(file) // SOUND_PUSH, run)


camera, small, pcm = sys.argv[1:]
video("ts", camera, abi.FORMAT_TS)
video("fmp4", camera, abi.FORMAT_FMP4)
video("ts-small", small, abi.FORMAT_TS)
sound(pcm)
