from pathlib import Path

import numpy as np
import pytest

from trainer.report.review_page import Look, write_review_page

HOSTILE = "</script><b>"


def look(start: float, end: float) -> Look:
    steps = 40
    labels = np.arange(steps, dtype=np.int32) % 2
    edges = np.linspace(10.0, 20.0, steps + 1)
    sure = np.full(steps, 0.5)
    told = ("contradicted", HOSTILE, "sit")
    return Look(f"s{HOSTILE}", start, end, *told, edges, 100.0, labels, 1 - labels, sure)


def test_words_of_strangers_are_only_ever_text(tmp_path: Path) -> None:
    path = tmp_path / "review.html"
    write_review_page(path, HOSTILE, "", [HOSTILE, "sit"], [look(12.0, 14.0)], {})
    page = path.read_text()
    assert HOSTILE not in page
    assert "Labelled <b>&lt;/script&gt;&lt;b&gt;</b>" in page


def test_a_stretch_is_marked_where_it_is_in_what_is_drawn() -> None:
    assert look(12.0, 14.0).bounds == pytest.approx((20.0, 40.0))
    assert look(5.0, 30.0).bounds == (0.0, 100.0)
    assert look(12.0, 14.0).shown == ("0:00:10", "0:00:20")


def test_one_stretch_is_not_called_several(tmp_path: Path) -> None:
    path = tmp_path / "review.html"
    write_review_page(path, "", "0:00:08 to watch.", [HOSTILE, "sit"], [look(12.0, 14.0)], {})
    assert "<p>1 stretch, 0:00:08 to watch.</p>" in path.read_text().replace(
        " What is asked about is drawn in full colour, what is around it paler.", ""
    )
