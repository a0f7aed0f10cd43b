"""Networks that several experiments draw, with one law of biases and a direction at an angle."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import sympy as sp

from maxout.theory.network import Network
from maxout.verify.experiment import Size
from maxout.verify.sampling.network_populations import Along, Networks
from maxout.verify.sampling.networks import Sampler
from maxout.verify.sampling.scales import weight_variance


@dataclass(frozen=True)
class Case:
    """Networks with one law of biases, and one angle between input and direction.

    ``fan`` has the cosines of all directions that are looked at in the same networks, this one
    among them; it is empty where there is only this one.
    """

    network: Network
    biases: str
    cosine: float
    norm: float = 1.0
    fan: tuple[float, ...] = ()

    @property
    def population(self) -> Networks | Along:
        first, *others = self.fan or (self.cosine,)
        sampler = Sampler(self.network, self.biases, first, self.norm, tuple(others))
        return Along(Networks(sampler), self.cosine) if self.fan else Networks(sampler)

    @property
    def detail(self) -> str:
        return f"{self.biases} biases, |x| = {self.norm:g}, cos = {self.cosine:g}"

    def unit_mean(self) -> float:
        """n_L/n_0 c^{L-1}: the scale of the gain, and its smallest possible mean."""
        network = self.network
        return network.outputs / network.inputs * weight_variance(network) ** len(network.widths)


def deep_networks(bias: str, size: Size) -> Iterator[Network]:
    """Several layers, so that an error of 2 % in M_K adds up."""
    yield from size.networks(
        [Network(6, (8, 5, 7, 6), 6, 3, c=sp.Rational(3, 5), bias=bias)],
        [Network(8, (12, 8, 10, 7, 9), 6, 5, c=sp.Rational(2, 3), bias=bias)],
    )


LIGHT_COSINE = 0.9
"""Along the input the gain spreads less than across it."""


def light_networks(size: Size) -> Iterator[Network]:
    """Few layers and many outputs: high powers of the gain are then not ruled by rare networks."""
    yield from size.networks(
        [Network(2, (8, 6), 24, 6, c=sp.Rational(2, 3), bias="zero")],
        [Network(8, (16, 11, 13), 36, 5, c=sp.Rational(2, 3), bias="zero")],
    )


OWN_COSINES = (0.6, 0.3, LIGHT_COSINE, 0.995, 1.0, 0.0)
"""Directions that are looked at in one draw of an own network, for all statements at once."""

OWN_BIASES = "mixed"
"""What is drawn for an own network of any biases: different numbers in every layer."""


def own_case(network: Network, cosine: float) -> Case:
    """A person's network, at an input of normalized length one; one draw serves all directions.

    With one input all directions are that of the input; ``cosine`` stands for the nearest of those
    that are looked at.
    """
    biases = OWN_BIASES if network.bias == "any" else network.bias
    fan = OWN_COSINES if network.inputs > 1 else (1.0,)
    # A short decimal, since it stands in the population's name.
    norm = float(f"{math.sqrt(network.inputs):.3g}")
    return Case(network, biases, min(fan, key=lambda one: abs(one - cosine)), norm, fan)


def own_extremes(network: Network) -> tuple[Case, ...]:
    """An own network along the input, where the gain is largest, and across it, where it is least.

    For statements that hold whatever the biases.
    """
    return tuple(own_case(network, cosine) for cosine in (1.0, 0.0)[: network.inputs])


def size_case(case: Case, size: Size) -> Case:
    """The case itself; of an own network, that of its one draw at the same angle."""
    return case if size.network is None else own_case(case.network, case.cosine)


def gaussian_networks(size: Size) -> Iterator[Network]:
    """Narrow ones: far from along the input the mean gain depends on the widths.

    c above 1/M_K keeps the input's length where neither the biases nor the input rule the angle,
    and many outputs keep rare networks from ruling the higher moments.
    """
    yield from size.networks(
        [Network(4, (6, 4), 30, 5, c=sp.Rational(4, 5), bias="gaussian")],
        [Network(8, (9, 6, 8), 30, 4, c=sp.Rational(4, 5), bias="gaussian")],
    )


def gaussian_case(network: Network, size: Size) -> Case:
    """Where the ``gaussian_networks`` are looked at, for gains and lengths alike."""
    return size_case(Case(network, "gaussian", 0.3, 1.5), size)


def light_case(network: Network, size: Size) -> Case:
    """Where the ``light_networks`` are looked at."""
    return size_case(Case(network, "zero", LIGHT_COSINE), size)


def narrowness(network: Network, size: Size) -> float:
    """Of the margins of high moments and variances.

    Those of networks of three layers and more spread most: halved margins would take them more
    samples than all other statements.
    """
    return size.narrowness if len(network.widths) < 3 else 1.0


def rank2_networks(size: Size) -> Iterator[Network]:
    """Networks of rank 2, whose Jacobian has one law whatever the biases; own ones are not here."""
    yield Network(5, (10, 7, 9), 6, 2, c=sp.Rational(4, 5), bias="any")
    if size.deep:
        yield Network(8, (12, 8, 10, 7, 9), 6, 2, c=sp.Rational(3, 2), bias="any")


def angles(network: Network, size: Size) -> tuple[float, ...]:
    """Cosines at which the ``deep_networks`` are looked at."""
    if size.network is not None:
        return OWN_COSINES
    if not size.deep:
        return (0.6, 0.995, 0.0)
    # Across the input the gain spreads most: a deep network would need the most samples of all.
    return (0.6, 0.995, 1.0) if len(network.widths) > 4 else (0.6, 0.995, 1.0, -0.9, 0.0)


def deep_case(network: Network, cosine: float, norm: float, size: Size) -> Case:
    """One of the ``deep_networks`` at an angle.

    At zero bias, where the norm of the input only scales, one norm and one draw of the weights
    serve all ``angles``.
    """
    if network.bias == "zero" and size.network is None:
        return Case(network, "zero", cosine, 2.0, angles(network, size))
    return size_case(Case(network, str(network.bias), cosine, norm), size)


def length_cases(size: Size) -> tuple[Case, ...]:
    """At zero bias, a deep network's length and a light one's; or that of an own network."""
    if size.network is not None:
        return (own_case(size.network, LIGHT_COSINE),)
    deep, light = next(deep_networks("zero", size)), next(light_networks(size))
    return deep_case(deep, 0.6, 2.0, size), Case(light, "zero", LIGHT_COSINE)
