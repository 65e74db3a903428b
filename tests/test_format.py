"""Printing, against what PyTorch 2.13 printed (tests/record/prints.py recorded it)."""

import base64
import json
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

from gradsh.engine.printing.format import PrintOptions, format_tensor
from gradsh.errors import ValueError_

DATA = json.loads((Path(__file__).parent / "data" / "prints.json").read_text(encoding="utf-8"))
CASES = DATA["cases"]


@pytest.mark.parametrize("number", range(len(CASES)))
def test_recorded(number):
    case = CASES[number]
    raw = zlib.decompress(base64.b64decode(case["data"]))
    array = np.frombuffer(raw, np.dtype(case["dtype"]).newbyteorder("<")).reshape(case["shape"])
    options = PrintOptions()
    options.update(**case["options"])
    more = {"suffixes": case["suffixes"], "options": options, "default_dtype": np.dtype(case["default_dtype"])}
    assert format_tensor(array, **more) == case["text"]
    if array.shape == ():
        assert format_tensor(array[()], **more) == case["text"]
    else:
        strided = np.asfortranarray(array)
        assert format_tensor(strided, **more) == case["text"]


def test_enough_is_recorded():
    assert len(CASES) >= 300
    assert {case["dtype"] for case in CASES} == {
        *("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool")
    }


def test_options():
    options = PrintOptions()
    options.update(precision=2, sci_mode=True)
    assert options.as_dict() == {"precision": 2, "threshold": 1000, "edgeitems": 3, "linewidth": 80, "sci_mode": True}
    other = options.copy()
    options.update(profile="short")
    assert (options.precision, options.edgeitems, options.sci_mode) == (2, 2, None)
    assert other.sci_mode is True
    options.update(profile="full")
    assert (options.precision, options.threshold) == (4, float("inf"))
    options.update(profile="unheard of", linewidth=40)
    assert (options.precision, options.linewidth) == (4, 40)


def test_more_digits_than_python_writes_are_refused():
    options = PrintOptions()
    for precision in (2**31, 2**62):
        with pytest.raises(ValueError_, match="precision too big"):
            options.update(precision=precision)
    assert options.precision == 4


def test_a_large_tensor_is_not_read_whole():
    """Only the shown elements are touched: this one pretends to have 10**12 of them."""
    huge = np.broadcast_to(np.float32(1.5), (10**6, 10**6))
    assert format_tensor(huge).count("1.5000") == 36


def test_importing_is_cheap():
    assert "dataclasses" not in sys.modules["gradsh.engine.printing.format"].__dict__
