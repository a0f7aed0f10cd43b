"""What of a machine shows in last digits: its processor's features, and the kernels chosen by them.

Draws are the same bits on all of them but where docs/verification.md says; what is computed from
the draws agrees to rounding.
"""

from __future__ import annotations

import ctypes
import platform
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_info

if TYPE_CHECKING:
    import torch


def processor() -> dict[str, str]:
    """Return the machine and its vendor, NumPy's and PyTorch's features, BLAS and C library."""
    import torch  # here: only campaigns are recorded

    return {
        "machine": platform.machine(),
        "vendor": _vendor(),
        "numpy": " ".join(numpy_features()) or "baseline",
        "torch": torch.backends.cpu.get_cpu_capability(),
        "blas": _blas(),
        "libc": " ".join(platform.libc_ver()).strip() or platform.system(),
    }


def accelerator(device: torch.device) -> dict[str, str]:
    """Return what a GPU is, and what runs on it; nothing of a CPU."""
    if device.type != "cuda":
        return {}
    import torch

    found = torch.cuda.get_device_properties(device)
    return {
        "gpu": found.name,
        "capability": f"{found.major}.{found.minor}",
        "multiprocessors": str(found.multi_processor_count),
        "clock": f"{torch.cuda.clock_rate(device)}",
        "driver": _driver(),
        "cuda": str(torch.version.cuda),
        "triton": version("triton") if find_spec("triton") else "none",
        "float32 products": torch.get_float32_matmul_precision(),
    }


def _driver() -> str:
    """The newest CUDA that the driver runs, as ``cuda.h`` numbers it: 13000 is 13.0.

    Asked of the driver itself: PyTorch's own question is private and comes and goes.
    """
    number = ctypes.c_int()
    try:
        failed = ctypes.CDLL("libcuda.so.1").cuDriverGetVersion(ctypes.byref(number))
    except OSError:
        return "unknown"
    return "unknown" if failed else str(number.value)


def numpy_features(found: bool = True) -> list[str]:
    """Return the features that NumPy has code for and chooses by; those found here, or all."""
    core = "numpy._core" if int(np.__version__.split(".")[0]) > 1 else "numpy.core"
    umath = import_module(f"{core}._multiarray_umath")
    features = umath.__cpu_features__
    return [name for name in umath.__cpu_dispatch__ if features.get(name) or not found]


def _blas() -> str:
    import_module("scipy.linalg")  # SciPy brings a library of its own
    found = {
        f"{library['internal_api']} {library.get('architecture', '')}".strip()
        for library in threadpool_info()
        if library["user_api"] == "blas"
    }
    return ", ".join(sorted(found)) or "unknown"


def _vendor() -> str:
    # MKL, oneDNN and others choose by it; Python itself does not tell on Linux.
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    found = [line.partition(":")[2].strip() for line in lines if line.startswith("vendor_id")]
    return found[0] if found else platform.processor() or "unknown"
