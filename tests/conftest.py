"""What all tests share."""

import os
import signal
import sys

import pytest

# Triton's kernels run in its interpreter, which must be asked for before Triton is imported; a GPU
# would run them itself, and is asked for by leaving the variable at 0.
os.environ.setdefault("TRITON_INTERPRET", "1")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background by a shell: what tests start would ignore interrupts as well.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """Every test draws the same numbers, alone or among others.

    Layers and models take PyTorch's global generator where none is given, as PyTorch's own do.
    """
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(0)
