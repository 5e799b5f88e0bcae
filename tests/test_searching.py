"""How hypothesis searches: the same every day, or at random and longer with --all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from longer import LONGER, SETTINGS

asked = settings(max_examples=5)


@asked
@given(st.integers())
def test_with_settings(number):
    pass


@given(st.integers())
def test_without(number):
    pass


@pytest.mark.parametrize(("test", "examples"), [(test_with_settings, 5), (test_without, 100)])
def test_the_same_every_day_or_at_random_and_longer(thorough, test, examples):
    found = getattr(test, SETTINGS, settings.default)
    assert found.max_examples == examples * (LONGER if thorough else 1)
    assert found.derandomize is not thorough
    assert thorough or found.database is None
