"""A person's script, type-checked as strictly as mypy can: what the front door returns is known."""

from typing import assert_type

import torch

import maxout
from maxout.nn.auditing.report import AuditReport
from maxout.verify.report import Report

c = maxout.constant(5, digits=20)
assert_type(c, maxout.Enclosure)
assert_type(c.midpoint, str)
assert_type(float(c), float)
assert_type(maxout.constant([2, 3]), list[maxout.Enclosure])
assert_type(maxout.moment(3, 1), maxout.Enclosure)

network = maxout.Network(10, "20x3", rank=5, bias="zero")
assert_type(network, maxout.Network)
assert_type(network.widths, tuple[int, ...])
assert network == maxout.Network(10, (20, 20, 20), rank=5, bias="zero")

statement = maxout.CATALOGUE["jacobian.mean.exact"]
assert_type(statement, maxout.Statement)
assert_type(statement.assumptions, tuple[str, ...])
prediction = maxout.predict("jacobian.mean.exact", network, digits=10)
assert_type(prediction, maxout.Prediction)
assert prediction == maxout.predict(statement, network, digits=10)
if prediction.value is not None:
    assert_type(prediction.value, maxout.Enclosure)
    assert_type(prediction.value.certified, bool)

model = torch.nn.Sequential(maxout.nn.MaxoutLinear(6, 8, 3), maxout.nn.MaxoutLinear(8, 8, 3))
report = maxout.nn.audit(model, torch.ones(4, 6))
assert_type(report, AuditReport)
assert_type(report.ok, bool | None)

verdicts = maxout.verify.run(maxout.verify.RunSetting(keys=("order.mean",)))
assert_type(verdicts, Report)
assert verdicts.status == "verified"
