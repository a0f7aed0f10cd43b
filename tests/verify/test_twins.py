"""Every control differs from its experiment: a twin that claims the same would test nothing."""

from dataclasses import replace

import pytest

from maxout.numerics.predict import predict
from maxout.theory.catalogue import CATALOGUE
from maxout.theory.network import Network
from maxout.verify.experiments import experiments


@pytest.mark.parametrize("suite", ["quick", "standard"])
def test_every_twin_claims_something_else(suite) -> None:
    same = [
        f"{key}: {experiment.name}: {twin.label}"
        for key, found in experiments(suite).items()
        for experiment in found
        for twin in experiment.twins
        if (wrong := twin.change(experiment)).populations == experiment.populations
        and wrong.measure == experiment.measure
        and wrong.predicted == experiment.predicted
    ]
    assert not same


def test_a_rewritten_right_side_is_not_valued_by_the_statements_route() -> None:
    """The route belongs to the catalogue's own right side: such a twin passed once."""
    network = Network(4, (4, 4), 1, 2, bias="zero")
    statement = CATALOGUE["jacobian.lyapunov.top"]
    honest = float(predict(statement, network))
    wrong = replace(statement, build=lambda t: 2 * statement.right())
    assert float(predict(wrong, network)) == pytest.approx(2 * honest, rel=1e-12)
