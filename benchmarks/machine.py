"""What a figure belongs to: the processor, the vectors its libraries use, and the cores."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def machine() -> str:
    """Return the processor's name, with its vectors, and the number of cores."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        fields = [line.partition(":") for line in info.read_text().splitlines()]
        found = {key.strip(): value.strip() for key, _, value in fields}
        name = found.get("model name", name)
        flags = found.get("flags", "").split()
        vectors = [kind for kind in ("avx512f", "avx2", "avx", "sse2") if kind in flags]
        name += f", {vectors[0]}" if vectors else ""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{name}, {cores} cores"
