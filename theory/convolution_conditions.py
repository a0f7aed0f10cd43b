"""Conditions of statements about convolutional networks."""

from math import prod

from maxout.theory.convolution import CHANNELS, SIZES
from maxout.theory.domain import Condition
from maxout.theory.parameters import CELL, POSITION

CONVOLUTIONAL = Condition("convolutional layers", (CHANNELS,), lambda channels: len(channels) > 0)
POSITION_EXISTS = Condition(
    "b at most the cells of the input map",
    (POSITION, SIZES),
    lambda position, sizes: not sizes or position <= prod(sizes[0]),
)
CELL_EXISTS = Condition(
    "a at most the cells of the last hidden map",
    (CELL, SIZES),
    lambda cell, sizes: not sizes or cell <= prod(sizes[-1]),
)
