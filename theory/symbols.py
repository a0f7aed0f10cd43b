"""The symbols in which every statement of the catalogue is written."""

import sympy as sp

K = sp.Symbol("K", integer=True, positive=True)
"""Rank: the number of affine pieces of one maxout unit."""

t = sp.Symbol("t", integer=True, positive=True)
"""Order of a moment."""

c = sp.Symbol("c", positive=True)
"""Weight variance times fan_in."""

n_0 = sp.Symbol("n_0", integer=True, positive=True)
"""Number of inputs."""

n_L = sp.Symbol("n_L", integer=True, positive=True)
"""Number of outputs."""

L = sp.Symbol("L", integer=True, positive=True)
"""Number of layers: L - 1 hidden maxout layers and one linear output layer."""

n = sp.IndexedBase("n", integer=True, positive=True)
"""Widths: n[l] units in hidden layer l = 1..L-1."""

l = sp.Symbol("l", integer=True, positive=True)  # noqa: E741 - the field's name for a layer
"""Layer index of sums and products."""

cos_0 = sp.Symbol("rho_0", real=True)
"""Cosine of the angle between the input x and the direction u."""

x_norm = sp.Symbol("|x|", nonnegative=True)
"""Euclidean norm of the input x."""

window = sp.Symbol("p", integer=True, positive=True)
"""Number of cells of a max pooling window."""

m = sp.Symbol("m", integer=True, nonnegative=True)
"""Number of normals of an orthant or half-normal probability."""

rho = sp.Symbol("rho", real=True)
"""Common correlation of an orthant or half-normal probability."""

j = sp.Symbol("j", integer=True, positive=True)
"""Index of a Lyapunov exponent: 0 belongs to the input's direction, 1.. to those across it."""

unit = sp.Symbol("unit")
"""Kind of the hidden units; stands in conditions alone."""

place = sp.Symbol("r", integer=True, positive=True)
"""Place of an order statistic, 1 for the smallest."""

other_place = sp.Symbol("s", integer=True, positive=True)
"""A second place."""

length = sp.Symbol("len", nonnegative=True)
"""Length of a curve in the input space."""

sweep = sp.Symbol("Theta", nonnegative=True)
"""Angle (radians) that a curve in the input space sweeps about the origin."""

volume = sp.Symbol("vol", positive=True)
"""Volume of the cube of inputs in which regions are counted."""

y_norm = sp.Symbol("|y|", nonnegative=True)
"""Euclidean norm of a second input y."""

correlation = sp.Symbol("rho_xy", real=True)
"""Correlation of the two normals of a pair, or cosine of the angle between two inputs x and y."""

bias_variance = sp.Symbol("sigma_b^2", nonnegative=True)
"""Variance of every bias, hidden and output, where it is given apart from c."""

dropout = sp.Symbol("p_drop", nonnegative=True)
"""Chance that dropout sets a unit to 0."""

beta = sp.Symbol("beta", positive=True)
"""Factor of the branch beside a skip connection."""

inner = sp.IndexedBase("m", integer=True, positive=True)
"""Widths inside blocks that end in a linear layer: m[l] units of the maximum in block l."""

position = sp.Symbol("b", integer=True, nonnegative=True)
"""Cell of the input map that has all the energy, 1 for the first; 0 where all have the same."""

cell = sp.Symbol("a", integer=True, nonnegative=True)
"""Cell of the last hidden map, 1 for the first; 0 for the mean of all."""

share = sp.Symbol("s_ab", nonnegative=True)
"""Of paths of taps, random from cell a of the last map: the chance of b times the input's cells."""

kurtosis = sp.Symbol("kappa_4", real=True)
"""Excess kurtosis of the weights: 0 of normal ones."""

participation = sp.Symbol("P_x", positive=True)
"""Inverse participation ratio of the input: the sum of x_i^4 over ||x||^4."""
