"""Files that are no labels are refused in a line that says what they are and what to do."""

import io
import json
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from preprocessing.errors import InputError
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.registry import format_of, read_annotations


def archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        for name in names:
            zipped.writestr(name, "x")
    return buffer.getvalue()


def array() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.arange(3))
    return buffer.getvalue()


CVAT = "<?xml version='1.0'?><annotations><version>1.1</version><track id='0'/></annotations>"
OBSERVER = "<?xml version='1.0'?><NXMLINTERCHANGE xmlns='nxmlinterchange'><a/></NXMLINTERCHANGE>"
FILES = {
    **{
        f"a pickle {n}": (pickle.dumps({"a": 1}, n), "pickle; those run code")
        for n in (0, 2, 3, 4, 5)
    },
    "an array": (array(), "an array of NumPy; it names no classes"),
    "a MATLAB file": (b"MATLAB 5.0 MAT-file, Platform: GLNXA64", "MATLAB file; in MATLAB, make"),
    "an HDF5 file": (b"\x89HDF\r\n\x1a\n" + bytes(90), "an HDF5 file"),
    "a PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(90), "a picture"),
    "a video": (bytes([0, 0, 0, 32]) + b"ftypisom" + bytes(90), "videos go to `longtake extract`"),
    "a document": (archive("word/document.xml"), "a Word document; save the table"),
    "an archive": (archive("a.csv", "b.csv"), "an archive of a.csv, b.csv; give what is in it"),
    "half an archive": (archive("a.csv")[:40], "a damaged archive"),
    "CVAT": (CVAT.encode(), "of CVAT, boxes in frames"),
    "the Observer": (OBSERVER.encode("utf-16"), "the Observer; export the events"),
    "XML": (b"<a><b/></a>", "XML of no form that is known (a)"),
    "Kinovea": (b"\xef\xbb\xbf<KinoveaVideoAnalysis></KinoveaVideoAnalysis>", "of Kinovea"),
    "COCO": (json.dumps({"images": [], "annotations": [], "categories": []}).encode(), "COCO"),
    "JSON": (b'{"a": {"b": 1}}', "JSON of no form that is known (a)"),
    "half of JSON": (b'{"a": {"b": 1', "damaged JSON ("),
    "a cut text": (b'{"a": {\n"b": "x', "string starting at: line 2 column 6 (char 13)); write it"),
    "splits": (b'{"train": ["a"], "test": ["b"]}', "they go to --splits"),
    "classes": (b"0 SIL\n1 pour\n2 stir\n", "a list of classes and their numbers"),
    "pairs": (b"cut_core cut\ncut_post cut\nmix_core mix\n", "pairs of names; if they are videos"),
    "a master": (
        b"#---\n# Name: m.fmf\n# Format: Focal Master File 1.0\n#---\nBehaviour.name.s=s\n",
        "of JWatcher, a master or another file that has no events; give the files",
    ),
    "zeros": (bytes(900), "no text"),
    "noise": (np.random.default_rng(0).bytes(900), "no text"),
}


@pytest.mark.parametrize("name", FILES)
def test_what_it_is_and_what_to_do(tmp_path: Path, name: str) -> None:
    content, message = FILES[name]
    path = tmp_path / "labels.csv"
    path.write_bytes(content)
    found = format_of(path, LabelChoices())
    assert found is not None
    assert found.alone, "in a folder such a file is left out"
    with pytest.raises(InputError) as raised:
        read_annotations(path, LabelChoices())
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 400


@pytest.mark.parametrize("text", ["sequence,label\na,b\n", "sequence,time,x\na,1,2\n", "", "\n\n"])
def test_labels_of_our_own_forms_are_not_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "labels.csv").write_text(text)
    found = format_of(tmp_path / "labels.csv", LabelChoices())
    assert found is None or found.name != "unreadable"
