"""Runs ``maxout`` commands in forks of a process that has imported everything, for the kill tests.

One request a line on stdin, as JSON; two answers a line on stdout: the child's process id, and how
it ended (as of ``os.waitpid``). Each child is a process of its own that runs the real command.

    words: the command line. said: file for its output.
    drawn: file that gets a line for every shard drawn.
    file_limit: bytes that no file may exceed, where given.
    disk: bytes of a file system of its own for the folder ``at``, where given; the command is run
    there twice, the second time with room enough, and the result is copied to ``to``.
"""

import ctypes
import json
import os
import resource
import shutil
import sys
import traceback

from maxout.cli.main import run
from maxout.verify.campaigns.manifest import statement_hash
from maxout.verify.experiments import experiments
from maxout.verify.sampling import populations
from maxout.verify.sampling.collector import Collector
from maxout.verify.suite import verdict_alpha

NEW_MOUNTS, PRIVATE, REMOUNT = 0x00020000, 0x44000, 32
NOT_PERMITTED = 77


def _mount(at: str, size: int, flags: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"maxout-test", at.encode(), b"tmpfs", flags, f"size={size}".encode()):
        raise OSError(ctypes.get_errno(), "mount")


def _small_disk(at: str, size: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEW_MOUNTS) or libc.mount(None, b"/", None, PRIVATE, None):
        os._exit(NOT_PERMITTED)
    try:
        _mount(at, size, 0)
    except OSError:
        os._exit(NOT_PERMITTED)


def _note_draws(path: str) -> None:
    draw = Collector._draw

    def noted(self, population, shards):
        arrays = draw(self, population, shards)
        line = "".join(f"{population.name}\t{number}\n" for number in shards).encode()
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, line)  # one write: whole lines, even when killed
        os.close(file)
        return arrays

    Collector._draw = noted


def _child(request: dict) -> int:
    said = os.open(request["said"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for stream in (1, 2):
        os.dup2(said, stream)
    _note_draws(request["drawn"])
    if request.get("file_limit"):
        limit = request["file_limit"]
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    if not request.get("disk"):
        return run(request["words"])
    at = request["at"]
    _small_disk(at, request["disk"])
    code = run(request["words"])
    left = sum(len(files) for _, _, files in os.walk(at))
    print(f"first exit {code} with {left} files", flush=True)
    _mount(at, 1 << 28, REMOUNT)
    code = run(request["words"])
    shutil.copytree(at, request["to"])
    return code


def main() -> None:
    # Many small shards instead of few: a kill is then likelier to fall while one is written.
    populations.SHARD_DRAWS = 1 << 18
    # What every run needs and none changes is worked out once, before forking.
    plan = experiments("quick")
    for key, found in plan.items():
        statement_hash(key, found, verdict_alpha(1e-3))
    print("ready", flush=True)
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            try:
                code = _child(json.loads(line))
            except KeyboardInterrupt:
                code = 130
            except BaseException:
                traceback.print_exc()
                code = 99
            sys.stdout.flush()
            os._exit(code)
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
