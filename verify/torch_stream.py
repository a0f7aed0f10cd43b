"""PyTorch's own generator on the CPU, keyed in full: the fastest source of float32 normals there.

``torch.Generator.manual_seed`` keeps 32 bits of a seed, too few to tell many streams apart. The
generator is a Mersenne twister, whose whole state of 624 words can be set; here a PCG64 makes the
words, keyed by NumPy's SeedSequence like every other stream. PyTorch documents that a state can be
taken and set, not its bytes, so they are checked once against NumPy's twister, which continues the
same state.

The normals are PyTorch's: the same on every run on one kind of processor, and on another equal up
to the rounding of its vector unit's logarithms and cosines.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch

from maxout.verify.errors import StreamError

_WORDS = 624
_LEFT, _NEXT, _STATE = 8, 16, 24  # bytes: draws left in the block, index of the next, the words


def generator(sequence: np.random.SeedSequence) -> torch.Generator:
    """Return a CPU generator whose whole state comes from the sequence.

    Raises:
      StreamError: where this PyTorch keeps the state of its generator in another form.
    """
    _check()
    # Four times faster than the sequence's own generate_state, and 128 bits tell streams apart.
    return _with_words(np.random.PCG64(sequence).random_raw(_WORDS // 2).view(np.uint32))


def _with_words(words: np.ndarray) -> torch.Generator:
    made = torch.Generator()
    state = made.get_state().numpy().copy()
    if state.size < _STATE + 8 * _WORDS:
        raise StreamError(_MESSAGE)
    state[_LEFT : _LEFT + 4] = np.frombuffer(np.int32(1).tobytes(), dtype=np.uint8)
    state[_NEXT : _NEXT + 8] = 0
    state[_STATE : _STATE + 8 * _WORDS] = words.astype(np.uint64).view(np.uint8)
    made.set_state(torch.from_numpy(state))
    return made


_MESSAGE = (
    "this PyTorch keeps its generator's state in a form that is not known here: use --stream pcg"
)


@cache
def _check() -> None:
    """Compare two blocks of words with those of NumPy's twister in the same state."""
    words = np.random.SeedSequence(0).generate_state(_WORDS).astype(np.uint32)
    twister = np.random.MT19937()
    twister.state = {"bit_generator": "MT19937", "state": {"key": words, "pos": _WORDS}}
    raw = (twister.random_raw(2 * _WORDS) & 0x7FFFFFFF).astype(np.int64)
    drawn = torch.randint(2**31, (_WORDS,), generator=_with_words(words)).numpy()
    # An integer takes one word, or the low half of two.
    if not (np.array_equal(drawn, raw[:_WORDS]) or np.array_equal(drawn, raw[1::2])):
        raise StreamError(_MESSAGE)
