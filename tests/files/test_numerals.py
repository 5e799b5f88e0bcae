"""What counts as a number, wherever people write one."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.files.numerals import is_number, number_or_nan, to_number, to_numbers

WRITTEN = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_what_programs_write_reads_back(number):
    assert to_number(repr(number)) == number


@given(st.text("0123456789+-.eE_ naif\u0661\uff11\u00a0,", max_size=8))
def test_digits_sign_point_and_exponent_are_all_there_is(text):
    assert is_number(text) == bool(WRITTEN.fullmatch(text.strip(" ")))


@given(st.lists(st.text("01.e-_ \u0661", max_size=3), max_size=4))
def test_several_are_numbers_if_each_is(texts):
    if all(map(is_number, texts)):
        assert to_numbers(texts) == [to_number(text) for text in texts]
    else:
        with pytest.raises(ValueError):  # noqa: PT011 (float says what it says)
            to_numbers(texts)


@pytest.mark.parametrize("text", ["", "1_000", "nan", "-inf", "Infinity", "\u0663", "1,5", "0x1"])
def test_what_is_none(text):
    assert math.isnan(number_or_nan(text))
