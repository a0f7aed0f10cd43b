"""Models with these layers export to ONNX, and the exported graph computes the same."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx.reference import ReferenceEvaluator
from torch import nn

from maxout.nn import LAYOUTS, MaxoutConv2d, MaxoutLinear


# PyTorch's exporter still makes this check of its own in the old way.
@pytest.mark.filterwarnings("ignore:`isinstance.treespec, LeafSpec.` is deprecated:FutureWarning")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_exported_graph_computes_the_same(layout: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    model = nn.Sequential(
        MaxoutConv2d(2, 3, 3, rank=4, padding=1, layout=layout),
        nn.MaxPool2d(2),
        nn.Flatten(),
        MaxoutLinear(12, 5, rank=3, layout=layout),
        MaxoutLinear(5, 2, rank=1),
    ).eval()
    path = tmp_path / "model.onnx"
    batch = torch.export.Dim("batch", min=1, max=64)
    torch.onnx.export(
        model, (torch.randn(3, 2, 4, 4),), path, dynamo=True, dynamic_shapes=({0: batch},),
        verbose=False,
    )  # fmt: skip
    exported = onnx.load(path)
    onnx.checker.check_model(exported, full_check=True)
    assert "ReduceMax" in {node.op_type for node in exported.graph.node}
    graph = ReferenceEvaluator(exported)
    for size in (1, 5):  # neither is the batch size it was exported with
        x = torch.randn(size, 2, 4, 4)
        (result,) = graph.run(None, {graph.input_names[0]: x.numpy()})
        # Sums of at most 18 float32 terms of order 1 in another order.
        np.testing.assert_allclose(result, model(x).detach().numpy(), rtol=1e-5, atol=1e-5)
