"""Keeps FFmpeg and all codecs out of the worker: what is not in the process cannot decode.

aiortc's package imports every codec at once. The worker needs four of its modules, which need none: so the package
is entered without its `__init__`, and the one name they take from PyAV (in an annotation) is given empty. It also
saves 30 MiB per worker.
"""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType


def keep_out() -> None:
    """To be called first, in a process of its own."""
    if "aiortc" in sys.modules:
        return
    found = importlib.util.find_spec("aiortc")
    if found is None or found.submodule_search_locations is None:
        raise ImportError("aiortc is not installed: pip install 'thongsuot[hub]'")
    package = ModuleType("aiortc")
    package.__path__ = list(found.submodule_search_locations)
    sys.modules["aiortc"] = package
    av = ModuleType("av")
    setattr(av, "AudioFrame", object)  # noqa: B010 - a module has no such attribute to type
    sys.modules["av"] = av
