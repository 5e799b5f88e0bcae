"""Files that pympi writes, which nobody here wrote, are read as pympi reads them."""

from pathlib import Path

import pytest
from label_files import read_as, told

Elan = pytest.importorskip("pympi.Elan")
Praat = pytest.importorskip("pympi.Praat")


def test_elan_files_of_pympi_are_read(tmp_path: Path) -> None:
    given = Elan.Eaf()
    given.add_linked_file("file:///m.mp4", mimetype="video/mp4")
    given.add_tier("words")
    given.add_linguistic_type("kinds", "Symbolic_Association", timealignable=False)
    given.add_tier("kind", "kinds", "words")
    given.add_annotation("words", 100, 1500, "go & <stay>")
    given.add_ref_annotation("kind", "words", 200, "verb")
    given.to_file(str(tmp_path / "a.eaf"))
    reading = read_as(tmp_path / "a.eaf", "elan")
    assert told(reading.annotations) == [
        ("file:///m.mp4", 0.1, 1.5, "go & <stay>"),
        ("file:///m.mp4", 0.1, 1.5, "verb"),
    ]


@pytest.mark.parametrize("mode", ["normal", "short"])
def test_text_grids_of_pympi_are_read(tmp_path: Path, mode: str) -> None:
    given = Praat.TextGrid(xmin=0, xmax=10)
    given.add_tier("words").add_interval(1.0, 2.5, 'say "hm"')
    given.add_tier("taps", tier_type="TextTier").add_point(3.25, "tap")
    given.to_file(str(tmp_path / "a.TextGrid"), codec="utf-8", mode=mode)
    reading = read_as(tmp_path / "a.TextGrid", "textgrid")
    assert told(reading.annotations) == [("", 1.0, 2.5, 'say "hm"'), ("", 3.25, None, "tap")]
