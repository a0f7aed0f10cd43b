"""What draws: a device, a precision, and cores. PyTorch is loaded where it is first needed."""

from __future__ import annotations

import importlib.util
import os
import threading
from typing import TYPE_CHECKING, Any

from maxout.theory.errors import DomainError
from maxout.verify.run_setting import DEVICES, DTYPES
from maxout.verify.sampling.populations import Setting
from maxout.verify.suite_errors import DeviceError

if TYPE_CHECKING:
    import torch


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
    import torch

    if name not in DEVICES:
        raise DeviceError(f"device must be auto, cpu or cuda; got {name!r}")
    available = torch.cuda.is_available()
    draws = dtype == torch.float32 and importlib.util.find_spec("triton") is not None
    if name == "cpu" or (name == "auto" and not (available and draws)):
        return torch.device("cpu")
    if not available:
        raise DeviceError("no CUDA device on this machine: use --device cpu or --device auto")
    number = torch.cuda.current_device() if index is None else index % torch.cuda.device_count()
    return torch.device("cuda", number)  # by number: a thread cannot be set to "a GPU"


def resolve_dtype(name: str) -> torch.dtype:
    """Return the torch dtype called float32 or float64; DomainError for another name."""
    if name not in DTYPES:
        raise DomainError(f"dtype must be {' or '.join(sorted(DTYPES))}; got {name!r}")
    import torch

    found: torch.dtype = getattr(torch, name)
    return found


def cores() -> int:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class LateSetting(Setting):
    """A setting that loads PyTorch when it is first asked for: many populations do without.

    Each thread that asks has one thread inside each operation, since the parallelism is over
    shards, and products are taken in full float32. Both are process-wide in PyTorch: ``close``
    puts them back.

    Raises:
      DeviceError, DomainError: for an unknown device or precision, or a device that is not there.
    """

    def __init__(self, device: str, dtype: str, index: int | None = None) -> None:
        if device not in DEVICES:
            raise DeviceError(f"device must be auto, cpu or cuda; got {device!r}")
        if dtype not in DTYPES:
            raise DomainError(f"dtype must be {' or '.join(sorted(DTYPES))}; got {dtype!r}")
        # A constructor of its own on a frozen record, as in ``theory.network``.
        vars(self).update(
            _names=(device, dtype, index),
            _lock=threading.Lock(),
            _threads=threading.local(),
            _found=None,
            _before=None,
        )
        if device == "cuda":
            self._load()

    def __getattr__(self, name: str) -> Any:
        if name not in ("device", "dtype"):
            raise AttributeError(name)
        return getattr(self._load(), name)

    def _load(self) -> Setting:
        import torch

        with self._lock:
            if self._found is None:
                device, dtype, index = self._names
                numbers = resolve_dtype(dtype)
                found = Setting(resolve_device(device, numbers, index), numbers)
                before = torch.get_num_threads(), torch.get_float32_matmul_precision()
                vars(self).update(_found=found, _before=before)
                torch.set_float32_matmul_precision("highest")
                if found.device.type == "cuda":
                    # The first decomposition loads a library, which no two threads may do at once.
                    torch.linalg.qr(torch.eye(2, device=found.device))
        if not hasattr(self._threads, "begun"):
            self._threads.begun = True
            torch.set_num_threads(1)
            if self._found.device.type == "cuda":  # a thread's own, the first GPU otherwise
                torch.cuda.set_device(self._found.device)
        return self._found

    def close(self) -> None:
        """Put PyTorch's settings back, if it was loaded."""
        if self._before is not None:
            import torch

            threads, precision = self._before
            torch.set_num_threads(threads)
            torch.set_float32_matmul_precision(precision)
