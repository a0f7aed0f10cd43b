"""Training experiments: does the maxout initialization improve training, and by how much?

A cell is one data set, network, optimizer and scheme; all seeds of a cell train at once. A campaign
runs cells in worker processes, keeps each in a file of its own, and compares the schemes.
"""

try:
    import torch  # noqa: F401  (looked for here, so that the message says what to install)
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "maxout.lab.training needs PyTorch: pip install 'maxout[torch,data]'", name=error.name
    ) from error

from maxout.lab.training.cell import train_cell
from maxout.lab.training.data import load
from maxout.lab.training.dataset import DataError, Dataset
from maxout.lab.training.setting import Setting
from maxout.lab.training.training_campaign import Campaign, plan, run_campaign

__all__ = [
    "Campaign",
    "DataError",
    "Dataset",
    "Setting",
    "load",
    "plan",
    "run_campaign",
    "train_cell",
]
