"""What all tests share."""

import signal
import sys

import pytest

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
