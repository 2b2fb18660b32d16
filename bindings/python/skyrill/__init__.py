"""Camera video and sound into MPEG-TS or fragmented MP4: the Skyrill core for Python."""

from . import abi
from .channel import Channel, Config, SkyrillError
from .records import Frame, Slice, Unit

__all__ = ["Channel", "Config", "Frame", "SkyrillError", "Slice", "Unit", "abi"]
