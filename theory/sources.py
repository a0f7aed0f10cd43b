"""Where results come from; every statement cites at least one of these."""

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
        "schlaefli1858",
        "Schläfli 1858",
        """@article{schlaefli1858multiple,
  title = {On the Multiple Integral $\\int^n dx\\,dy \\ldots dz$, Whose Limits Are
    $p_1 = a_1 x + b_1 y + \\cdots + h_1 z > 0$, $p_2 > 0$, \\ldots, $p_n > 0$, and
    $x^2 + y^2 + \\cdots + z^2 < 1$},
  author = {Schl{\\"a}fli, Ludwig},
  journal = {The Quarterly Journal of Pure and Applied Mathematics},
  volume = {2},
  pages = {269--301},
  year = {1858}
}""",
    ),
    Reference(
        "jones1948",
        "Jones 1948",
        """@article{jones1948exact,
  title = {Exact Lower Moments of Order Statistics in Small Samples from a Normal Distribution},
  author = {Jones, Howard L.},
  journal = {The Annals of Mathematical Statistics},
  volume = {19},
  number = {2},
  pages = {270--273},
  year = {1948}
}""",
    ),
    Reference(
        "godwin1949",
        "Godwin 1949",
        """@article{godwin1949some,
  title = {Some Low Moments of Order Statistics},
  author = {Godwin, H. J.},
  journal = {The Annals of Mathematical Statistics},
  volume = {20},
  number = {2},
  pages = {279--285},
  year = {1949}
}""",
    ),
    Reference(
        "david1953",
        "David 1953",
        """@article{david1953note,
  title = {A Note on the Evaluation of the Multivariate Normal Integral},
  author = {David, F. N.},
  journal = {Biometrika},
  volume = {40},
  number = {3/4},
  pages = {458--459},
  year = {1953}
}""",
    ),
    Reference(
        "ruben1954",
        "Ruben 1954",
        """@article{ruben1954moments,
  title = {On the Moments of Order Statistics in Samples from Normal Populations},
  author = {Ruben, Harold},
  journal = {Biometrika},
  volume = {41},
  number = {1/2},
  pages = {200--227},
  year = {1954}
}""",
    ),
    Reference(
        "plackett1954",
        "Plackett 1954",
        """@article{plackett1954reduction,
  title = {A Reduction Formula for Normal Multivariate Integrals},
  author = {Plackett, R. L.},
  journal = {Biometrika},
  volume = {41},
  number = {3/4},
  pages = {351--360},
  year = {1954}
}""",
    ),
    Reference(
        "moran1956",
        "Moran 1956",
        """@article{moran1956numerical,
  title = {The Numerical Evaluation of a Class of Integrals},
  author = {Moran, P. A. P.},
  journal = {Mathematical Proceedings of the Cambridge Philosophical Society},
  volume = {52},
  number = {2},
  pages = {230--233},
  year = {1956}
}""",
    ),
    Reference(
        "abrahamson1964",
        "Abrahamson 1964",
        """@article{abrahamson1964orthant,
  title = {Orthant Probabilities for the Quadrivariate Normal Distribution},
  author = {Abrahamson, I. G.},
  journal = {The Annals of Mathematical Statistics},
  volume = {35},
  number = {4},
  pages = {1685--1703},
  year = {1964}
}""",
    ),
    Reference(
        "cheng1969",
        "Cheng 1969",
        """@article{cheng1969orthant,
  title = {The Orthant Probabilities of Four {G}aussian Variates},
  author = {Cheng, M. C.},
  journal = {The Annals of Mathematical Statistics},
  volume = {40},
  number = {1},
  pages = {152--161},
  year = {1969}
}""",
    ),
    Reference(
        "affentranger1992",
        "Affentranger & Schneider 1992",
        """@article{affentranger1992random,
  title = {Random Projections of Regular Simplices},
  author = {Affentranger, Fernando and Schneider, Rolf},
  journal = {Discrete \\& Computational Geometry},
  volume = {7},
  pages = {219--226},
  year = {1992}
}""",
    ),
    Reference(
        "montufar2021",
        "Montúfar, Ren & Zhang 2021",
        """@misc{montufar2021sharp,
  title = {Sharp Bounds for the Number of Regions of Maxout Networks and Vertices of {Minkowski}
    Sums},
  author = {Mont{\\'u}far, Guido and Ren, Yue and Zhang, Leon},
  year = {2021},
  eprint = {2104.08135},
  archivePrefix = {arXiv}
}""",
    ),
    Reference(
        "furstenberg1983",
        "Furstenberg & Kifer 1983",
        """@article{furstenberg1983random,
  title = {Random Matrix Products and Measures on Projective Spaces},
  author = {Furstenberg, Harry and Kifer, Yuri},
  journal = {Israel Journal of Mathematics},
  volume = {46},
  pages = {12--32},
  year = {1983}
}""",
    ),
    Reference(
        "newman1986",
        "Newman 1986",
        """@article{newman1986distribution,
  title = {The Distribution of {L}yapunov Exponents: Exact Results for Random Matrices},
  author = {Newman, Charles M.},
  journal = {Communications in Mathematical Physics},
  volume = {103},
  pages = {121--126},
  year = {1986}
}""",
    ),
    Reference(
        "yang2019",
        "Yang et al. 2019",
        """@inproceedings{yang2019mean,
  title = {A Mean Field Theory of Batch Normalization},
  author = {Yang, Greg and Pennington, Jeffrey and Rao, Vinay and Sohl-Dickstein, Jascha and
    Schoenholz, Samuel S.},
  booktitle = {International Conference on Learning Representations},
  year = {2019},
  eprint = {1902.08129},
  archivePrefix = {arXiv}
}""",
    ),
    Reference(
        "petrov1975",
        "Petrov 1975",
        """@book{petrov1975sums,
  title = {Sums of Independent Random Variables},
  author = {Petrov, V. V.},
  publisher = {Springer},
  year = {1975}
}""",
    ),
    Reference(
        "david2003",
        "David & Nagaraja 2003",
        """@book{david2003order,
  title = {Order Statistics},
  author = {David, H. A. and Nagaraja, H. N.},
  edition = {3},
  publisher = {Wiley},
  year = {2003}
}""",
    ),
    Reference(
        "cho2009",
        "Cho & Saul 2009",
        """@inproceedings{cho2009kernel,
  title = {Kernel Methods for Deep Learning},
  author = {Cho, Youngmin and Saul, Lawrence K.},
  booktitle = {Advances in Neural Information Processing Systems},
  volume = {22},
  year = {2009}
}""",
    ),
    Reference(
        "liang2022",
        "Liang et al. 2022",
        """@misc{liang2022deep,
  title = {Deep Maxout Network {G}aussian Process},
  author = {Liang, Libin and Tian, Ye and Cheng, Ge},
  year = {2022},
  eprint = {2208.04468},
  archivePrefix = {arXiv}
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
