"""Calls of functions that are not looked into: what enters them, and what leaves."""

from __future__ import annotations

from maxout.nn.reading.tape import Tape, View


def leaving(recorded: Tape) -> dict[str, tuple[int, tuple[View, ...], tuple[View, ...]]]:
    """scope -> its last operation, the data that enters it, and the results read outside."""
    last: dict[str, int] = {}
    made: dict[str, dict[int, View]] = {}
    entering: dict[str, list[View]] = {}
    for n, op in enumerate(recorded.ops):
        if op.scope and op.data:
            inside = made.setdefault(op.scope, {})
            for v in op.ins:
                known = entering.setdefault(op.scope, [])
                if v.storage in recorded.data and v.storage not in inside and v not in known:
                    known.append(v)
            for v in op.outs + op.writes:
                # A view of what entered is nothing that was made.
                if v.storage in inside or not op.is_view:
                    inside[v.storage] = v
            last[op.scope] = n
    read: dict[int, int] = {}
    for n, op in enumerate(recorded.ops):
        for v in op.ins:
            read[v.storage] = n
    for v in recorded.outputs:
        read[v.storage] = len(recorded.ops)
    found = {}
    for scope, end in last.items():
        views = [_whole(recorded, v) for k, v in made[scope].items() if read.get(k, -1) > end]
        kept = [v for v in views if v.is_floating and v.numel]
        found[scope] = (end, tuple(entering[scope]), tuple(kept))
    return found


def _whole(recorded: Tape, view: View) -> View:
    """The view, or all of its storage where it shows a part."""
    kept = recorded.storages[view.storage]
    count = kept.untyped_storage().nbytes() // kept.element_size()
    return view if view.numel == count else View(view.storage, (count,), (1,), 0, kept.dtype)
