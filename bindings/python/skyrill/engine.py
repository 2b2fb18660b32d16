"""The core in wasmtime: its memory and its functions, called without the conversions of ``wasmtime.Func``.

``Func.__call__`` asks for the function's type and makes a value object of each argument at every call, which takes longer than muxing
a frame. ``wasmtime_func_call_unchecked`` of wasmtime's C API takes the arguments as they lie in memory.
"""

from __future__ import annotations

import ctypes
import functools
import struct
from collections.abc import Callable
from importlib.resources import files
from typing import Any, cast

from wasmtime import Engine, Func, Instance, Memory, Module, Store, Trap, WasmtimeError
from wasmtime import _ffi as ffi

from . import abi

# A prototype of our own with plain addresses; the package's makes objects of them.
_call_unchecked: Any = ffi.dll["wasmtime_func_call_unchecked"]
_call_unchecked.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p]
_call_unchecked.restype = ctypes.c_void_p

#: A raw value has 16 bytes; of an i32 the low four count.
_SLOT = {"i": "q8x", "d": "d8x"}

#: Functions of the core, docs/ABI.md, with the types of their parameters; all of them answer with an i32.
_FUNCTIONS = {
    "abi_version": "",
    "config": "",
    "open": "",
    "state": "",
    "audio_buffer": "",
    "reserve": "i",
    "push_video": "iiddii",
    "push_audio": "iiddi",
    "flush": "i",
    "close_fragment": "",
    "release": "d",
    "hold": "dd",
    "slice_address": "i",
    "unit_address": "i",
    "frame_address": "i",
    "init_address": "i",
    "init_length": "i",
}


@functools.cache
def _compiled() -> tuple[Engine, Module]:
    """Once per process."""
    engine = Engine()
    return engine, Module(engine, files(__package__).joinpath("core.wasm").read_bytes())


def prepare(store: Store, function: Func, parameters: str) -> Callable[..., int]:
    """A call of ``function``; the caller keeps ``store`` and ``function`` for as long as it calls."""
    count = max(1, len(parameters))
    values = (ffi.wasmtime_val_raw_t * count)()
    slots = memoryview(values).cast("B")
    pack = struct.Struct("<" + "".join(_SLOT[kind] for kind in parameters)).pack_into
    unpack = struct.Struct("<i").unpack_from
    trap = ctypes.c_void_p()
    context = ctypes.cast(store._context(), ctypes.c_void_p).value
    callee, arguments, trap_at = (ctypes.addressof(part) for part in (function._func, values, trap))

    def call(*parameters: float) -> int:
        pack(slots, 0, *parameters)
        error = _call_unchecked(context, callee, arguments, count, trap_at)
        if error or trap:
            trapped, trap.value = trap.value, None
            raise _failure(error, trapped)
        answer: int = unpack(slots)[0]
        return answer

    return call


def _failure(error: int | None, trap: int | None) -> WasmtimeError | Trap:
    """The core does not trap; if it did, or the engine failed, the exceptions are wasmtime's own."""
    if error:
        return WasmtimeError._from_ptr(ctypes.cast(error, ctypes.POINTER(ffi.wasmtime_error_t)))
    return Trap._from_ptr(ctypes.cast(ctypes.c_void_p(trap), ctypes.POINTER(ffi.wasm_trap_t)))


class Core:
    """One instance: ``call`` has its functions, ``memory`` all of its memory."""

    def __init__(self) -> None:
        engine, module = _compiled()
        self._store = Store(engine)
        exports = Instance(self._store, module, []).exports(self._store)
        self._memory = cast(Memory, exports["memory"])
        self._functions = {name: cast(Func, exports[name]) for name in _FUNCTIONS}
        self.call = {name: prepare(self._store, self._functions[name], kinds) for name, kinds in _FUNCTIONS.items()}
        version = self.call["abi_version"]()
        if version != abi.ABI_VERSION:
            raise RuntimeError(f"core.wasm has ABI version {version}, this package needs {abi.ABI_VERSION}")
        self.memory = self._map()

    def open(self, fields: tuple[int, ...]) -> int:
        """Writes the config block and opens; memory grows here, for the last time."""
        struct.pack_into(f"<{len(fields)}i", self.memory, self.call["config"](), *fields)
        status = self.call["open"]()
        self.memory = self._map()
        return status

    def _map(self) -> memoryview:
        array: Any = self._memory.get_buffer_ptr(self._store)
        array.owner = self._store  # a view that outlives the channel keeps its memory alive
        return memoryview(array).cast("B")
