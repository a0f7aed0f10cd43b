"""What all tests share."""

import os
import signal

# Triton's kernels run in its interpreter, which must be asked for before Triton is imported; a GPU
# would run them itself, and is asked for by leaving the variable at 0.
os.environ.setdefault("TRITON_INTERPRET", "1")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background by a shell: what tests start would ignore interrupts as well.
    signal.signal(signal.SIGINT, signal.default_int_handler)
