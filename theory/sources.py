"""Where results come from; every statement cites one of these, and the docs print them all."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """A citable source; ``short`` is what tables print."""

    key: str
    short: str
    bibtex: str


_ALL = (
    Reference(
        "tseran2023",
        "Tseran & Montúfar 2023",
        """@inproceedings{tseran2023expected,
  title = {Expected Gradients of Maxout Networks and Consequences to Parameter Initialization},
  author = {Tseran, Hanna and Mont{\\'u}far, Guido},
  booktitle = {Proceedings of the 40th International Conference on Machine Learning},
  series = {Proceedings of Machine Learning Research},
  volume = {202},
  year = {2023},
  eprint = {2301.06956},
  archivePrefix = {arXiv}
}""",
    ),
    Reference(
        "tseran2021",
        "Tseran & Montúfar 2021",
        """@inproceedings{tseran2021complexity,
  title = {On the Expected Complexity of Maxout Networks},
  author = {Tseran, Hanna and Mont{\\'u}far, Guido},
  booktitle = {Advances in Neural Information Processing Systems},
  volume = {34},
  year = {2021}
}""",
    ),
    Reference(
        "he2015",
        "He et al. 2015",
        """@inproceedings{he2015delving,
  title = {Delving Deep into Rectifiers: Surpassing Human-Level Performance on {ImageNet}
    Classification},
  author = {He, Kaiming and Zhang, Xiangyu and Ren, Shaoqing and Sun, Jian},
  booktitle = {Proceedings of the IEEE International Conference on Computer Vision},
  year = {2015}
}""",
    ),
    Reference(
        "project",
        "this project",
        """@software{maxout,
  title = {maxout: exact, certified and sampled theory of maxout networks},
  author = {{The maxout developers}},
  year = {2026},
  version = {0.1.0}
}""",
    ),
)

BIBLIOGRAPHY = {reference.key: reference for reference in _ALL}
