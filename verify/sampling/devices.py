"""What draws: a device, a precision, and cores."""

from __future__ import annotations

import importlib.util
import os

import torch

from maxout.theory.errors import DomainError
from maxout.verify.run_setting import DEVICES, DTYPES
from maxout.verify.suite_errors import DeviceError


def resolve_device(name: str, dtype: torch.dtype, index: int | None = None) -> torch.device:
    """Return the device called auto, cpu or cuda.

    Auto is a GPU where it draws for itself, networks in float32 by Triton, and else the CPU: what
    is drawn on the CPU and copied gains nothing.

    Args:
      dtype: of the networks.
      index: which of several CUDA devices; PyTorch's current one by default.

    Raises:
      DeviceError: for cuda where there is none, or an unknown name.
    """
    if name not in DEVICES:
        raise DeviceError(f"device must be auto, cpu or cuda; got {name!r}")
    available = torch.cuda.is_available()
    draws = dtype == torch.float32 and importlib.util.find_spec("triton") is not None
    if name == "cpu" or (name == "auto" and not (available and draws)):
        return torch.device("cpu")
    if not available:
        raise DeviceError("no CUDA device on this machine: use --device cpu or --device auto")
    return torch.device("cuda" if index is None else f"cuda:{index % torch.cuda.device_count()}")


def resolve_dtype(name: str) -> torch.dtype:
    """Return the torch dtype called float32 or float64; DomainError for another name."""
    if name not in DTYPES:
        raise DomainError(f"dtype must be {' or '.join(sorted(DTYPES))}; got {name!r}")
    found: torch.dtype = getattr(torch, name)
    return found


def cores() -> int:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
