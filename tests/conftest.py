"""What all tests share."""

import os

# Triton's kernels run in its interpreter, which must be asked for before Triton is imported; a GPU
# would run them itself, and is asked for by leaving the variable at 0.
os.environ.setdefault("TRITON_INTERPRET", "1")
