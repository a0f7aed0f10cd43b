"""What a compiled kernel occupies and executes, by the tools of NVIDIA that Triton brings."""

from __future__ import annotations

import re
import subprocess
import tempfile
from typing import Any

import triton


def usage(kernel: Any) -> dict[str, int]:
    """Return registers, and bytes of stack, local and shared memory, of a compiled kernel."""
    found = re.findall(r"(REG|STACK|LOCAL|SHARED):(\d+)", _tool("cuobjdump", "-res-usage", kernel))
    return {name.lower(): int(value) for name, value in found}


def instructions(kernel: Any) -> int:
    """Return how many instructions the innermost loop takes that holds Philox's ten rounds."""
    listing = _tool("nvdisasm", "-c", kernel)
    lines = [line for line in listing.splitlines() if re.search(r"^\.L|/\*[0-9a-f]{4,}\*/ ", line)]
    labels = {line.rstrip(":"): i for i, line in enumerate(lines) if line.startswith(".L")}
    sizes = []
    for end, line in enumerate(lines):
        branch = re.search(r"BRA `\((\.L\w+)\)", line)
        start = labels.get(branch[1], end) if branch else end
        body = [one for one in lines[start:end] if not one.startswith(".L")]
        # A round is two products and two exclusive ors.
        if sum("IMAD" in one or "LOP3" in one for one in body) >= 40:
            sizes.append(len(body))
    return min(sizes)


def _tool(name: str, flag: str, kernel: Any) -> str:
    path = getattr(triton.knobs.nvidia, name).path
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(kernel.asm["cubin"])
        file.flush()
        done = subprocess.run([path, flag, file.name], capture_output=True, text=True)
    return done.stdout
