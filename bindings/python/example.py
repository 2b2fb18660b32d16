"""Records a raw H.264 file (25 pictures a second) and a PCM file (int16, 8 kHz, mono) into a .ts or .mp4 file."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from skyrill import Channel, Config, abi

FRAME_MS = 40
RATE = 8000
PUSH_BYTES = 2 * 1024  # 1024 samples
UTC_START = 1_700_000_000_000


def access_units(stream: memoryview) -> Iterator[tuple[memoryview, bool]]:
    """Cuts where, after a slice, a parameter set, SEI, delimiter or first slice begins."""
    start = 0
    slice_seen = idr = False
    for match in re.finditer(rb"\x00?\x00\x00\x01(.)(.)", stream, re.DOTALL):
        kind = match[1][0] & 31
        is_slice = kind in (1, 5)
        if slice_seen and (6 <= kind <= 9 or (is_slice and match[2][0] & 0x80)):
            yield stream[start : match.start()], idr
            start = match.start()
            slice_seen = idr = False
        slice_seen |= is_slice
        idr |= kind == 5
    yield stream[start:], idr


video, audio, target = sys.argv[1:]
sound = memoryview(Path(audio).read_bytes())
config = Config(
    ring_bytes=512 * 1024,
    format=abi.FORMAT_FMP4 if target.endswith(".mp4") else abi.FORMAT_TS,
    audio_input=abi.AUDIO_PCM,
    sample_rate=RATE,
    channels=1,
)
heard = 0  # audio bytes so far
with Channel(config) as channel, open(target, "wb") as out:
    for picture, (frame, idr) in enumerate(access_units(memoryview(Path(video).read_bytes()))):
        pts = picture * FRAME_MS
        kind = abi.FRAME_I if idr else abi.FRAME_P
        channel.push_video(frame, pts_ms=pts, utc_ms=UTC_START + pts, seq=picture, frame_type=kind)
        while heard + PUSH_BYTES <= len(sound) and (ms := heard / 2 * 1000 / RATE) <= pts:
            channel.push_audio(sound[heard : heard + PUSH_BYTES], pts_ms=ms, utc_ms=UTC_START + ms, seq=heard)
            heard += PUSH_BYTES
        channel.drain(out)
    channel.flush()
    channel.drain(out)
