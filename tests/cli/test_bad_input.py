"""Bad input: one clear line on stderr, exit code 2, nothing on stdout, no traceback."""

import pytest

pytestmark = pytest.mark.smoke

NETWORK = ("--rank", "5", "--inputs", "10")

BAD = {
    "rank zero": (("constant", "0"), "rank must be an integer"),
    "rank negative": (("constant", "-1"), "rank must be an integer"),
    "rank fractional": (("constant", "2.5"), "rank must be an integer"),
    "rank huge": (("constant", "10^20"), "rank must be an integer"),
    "rank spelled out huge": (("constant", "1" + "0" * 20), "rank must be an integer"),
    "rank a word": (("constant", "abc"), "rank must be an integer"),
    "rank code": (("constant", "__import__('os').getcwd()"), "rank must be an integer"),
    "range downwards": (("constant", "5..2"), "upwards"),
    "range open": (("constant", "5.."), "rank must be an integer"),
    "range endless": (("constant", "1..10^12"), "at most"),
    "no rank": (("constant",), "RANK"),
    "unknown option": (("constant", "--digts", "5"), "--digts"),
    "digits zero": (("constant", "5", "--digits", "0"), "digits must be"),
    "digits absurd": (("constant", "5", "--digits", "10000000"), "digits must be"),
    "digits a word": (("constant", "5", "--digits", "many"), "digits"),
    "window zero": (("constant", "5", "--window", "0"), "window must be"),
    "order zero": (("moments", "5", "--order", "0"), "order must be"),
    "order fractional": (("moments", "5", "--order", "1.5"), "order must be"),
    "statistic unknown": (("moments", "5", "--statistic", "median"), "statistic"),
    "widths empty": (("bounds", *NETWORK, "--widths", ""), "widths must"),
    "widths zero": (("bounds", *NETWORK, "--widths", "0"), "widths must"),
    "widths negative": (("bounds", *NETWORK, "--widths", "8,-3"), "widths must"),
    "widths repeated never": (("bounds", *NETWORK, "--widths", "8x0"), "widths must"),
    "widths words": (("bounds", *NETWORK, "--widths", "wide"), "widths must"),
    "widths missing": (("bounds", *NETWORK), "--widths"),
    "c zero": (("bounds", *NETWORK, "--widths", "8", "--c", "0"), "c must be"),
    "c negative": (("bounds", *NETWORK, "--widths", "8", "--c", "-1"), "c must be"),
    "c nan": (("bounds", *NETWORK, "--widths", "8", "--c", "nan"), "c must be"),
    "c infinite": (("bounds", *NETWORK, "--widths", "8", "--c", "inf"), "c must be"),
    "c code": (("bounds", *NETWORK, "--widths", "8", "--c", "exit()"), "c must be"),
    "bias unknown": (("bounds", *NETWORK, "--widths", "8", "--bias", "big"), "bias must be"),
    "cosine beyond": (("bounds", *NETWORK, "--widths", "8", "--cosine", "1.5"), "cosine must be"),
    "outputs zero": (("bounds", *NETWORK, "--widths", "8", "--outputs", "0"), "outputs must be"),
    "inputs zero": (("bounds", "--rank", "2", "--inputs", "0", "--widths", "8"), "inputs must be"),
    "unknown key": (("bounds", "jacobian.mean.uper"), "jacobian.mean.upper"),
    "unknown key in results": (("results", "nothing"), "did you mean"),
    "unknown key in verify": (("verify", "jacobian.mean.uper"), "jacobian.mean.upper"),
    "no such command": (("constnat", "5"), "constant"),
    "no CUDA": (("verify", "--device", "cuda"), "CUDA"),
    "memory too small": (("verify", "--memory", "100"), "memory"),
    "memory unreadable": (("verify", "--memory", "much"), "memory must"),
    "suite unknown": (("verify", "--suite", "slow"), "suite"),
    "seed negative": (("verify", "--seed", "-1"), "seed"),
    "alpha beyond": (("verify", "--alpha", "2"), "alpha"),
}


@pytest.mark.parametrize(("words", "expected"), BAD.values(), ids=BAD.keys())
def test_one_line_and_exit_code_two(maxout, words, expected) -> None:
    if words[:3] == ("verify", "--device", "cuda"):
        import torch

        if torch.cuda.is_available():  # then asking for CUDA is no mistake
            return
    done = maxout(*words)
    assert done.code == 2, done.err
    assert done.out == ""
    assert len(done.err.strip().splitlines()) == 1, done.err
    assert expected in done.err
    assert "Traceback" not in done.err
