"""Label files that somebody made to do harm, or a program by mistake: read rightly, or a line."""

from pathlib import Path

import pytest
from made_label_files import ELAN, FILES, TEXTS, read_any

from preprocessing.errors import InputError
from preprocessing.files.text_files import MOST_LINE

ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 9}">' for n in range(1, 10))
BOMB = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e0 "ha">{ENTITIES}]>'
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e9 SYSTEM "file:///etc/hostname">]>'
AS_ELAN = ELAN.partition("?>")[2].replace("slow", "&e9;")
DEEP = 100_000
TALL = "sequence,start,end,label\n"
REFUSED = {
    "an XML bomb": BOMB + AS_ELAN,
    "another file as an entity": OUTSIDE + AS_ELAN,
    "XML of unknown form with a bomb": BOMB + "<a>&e9;</a>",
    "deep JSON": "[" * DEEP,
    "deep JSON that ends": '{"a":' * DEEP + "1" + "}" * DEEP,
    "deep XML": "<a>" * DEEP,
    "deep ELAN": ELAN.replace("<HEADER", "<HEADER>" * DEEP + "<HEADER"),
    "a number of 5,000 digits": TEXTS["activitynet.json"].replace("[1,", "[" + "9" * 5000 + ","),
    "a line of 5,000 digits": TEXTS["jigsaws.txt"].replace("219", "9" * 5000),
    "a time that is no number": TEXTS["activitynet.json"].replace("[1,", "[NaN,"),
    "an endless time": TEXTS["multithumos.json"].replace("2.5", "Infinity"),
    "a row without an end": TALL + "a,0,inf,walk\n",
    "a row that begins at nan": TALL + "a,nan,2,walk\n",
    "one line": "a" * (MOST_LINE + 9),
    "one line of numbers": "1 2 a\n" + "1 " * (MOST_LINE // 2 + 9),
    "one line of subtitles": TEXTS["subtitles.srt"] + "a" * (MOST_LINE + 9),
    "one line of a table": TALL + "a,0,1," + "b" * (MOST_LINE + 9),
    "a name of half a letter": TEXTS["activitynet.json"].replace("walk", "\\ud800"),
}
# Of no form at all, which whoever reads tables of ours says.
FOR_TABLES = ("one line", "zeros in names", "a line of 5,000 digits")
BYTES = {
    **{name: text.encode() for name, text in REFUSED.items()},
    "zeros in a table": (TALL + "a,0,1,wa\0lk\n").encode(),
    "zeros in JSON": TEXTS["activitynet.json"].encode().replace(b"walk", b"wa\0lk"),
    "zeros in names": b"SIL\n\0SIL\n" * 9,
    "bytes of no letter": TEXTS["activitynet.json"].encode().replace(b"walk", b"\xff\xfe\x01"),
    "half of UTF-16": FILES["wide.eaf"][:-301],
}


@pytest.mark.parametrize("name", BYTES)
def test_harm_is_refused_in_a_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / "labels"
    path.write_bytes(BYTES[name])
    try:
        assert not read_any(path), "read, and not refused"
    except InputError:
        return
    assert name in FOR_TABLES, "neither read nor refused"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (TALL + "a,0,1,=cmd|' /C calc'!A0\n", "utf-8"),
        (TALL + "a,0,1,ça va\n", "cp1252"),
        (TALL + "a,0,1,ça va\n", "utf-16"),
        (TALL + "a,0,1,walk\n", "utf-16-le"),
        (TEXTS["jigsaws.txt"], "utf-16"),
        (TEXTS["jigsaws.txt"].replace("\n", "\r\n"), "utf-8-sig"),
        (TEXTS["names"].replace("SIL", "à côté"), "cp1252"),
        (TEXTS["praat.TextGrid"], "utf-16"),
        (ELAN.replace("UTF-8", "UTF-16"), "utf-16"),
        (ELAN, "utf-16"),
        (ELAN, "utf-16-le"),
        ("\ufeff" + TEXTS["activitynet.json"], "utf-8"),
        (TEXTS["activitynet.json"].replace("walk", "à côté"), "cp1252"),
        (TEXTS["activitynet.json"].replace("walk", "à côté"), "utf-16"),
        (TEXTS["activitynet.json"], "utf-16-be"),
        (TALL + "a,0,1,walk\n" * 9000 + "a,0,1,ça va\n", "cp1252"),
    ],
)
def test_odd_files_that_say_something_are_read(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "labels"
    path.write_bytes(text.encode(encoding))
    assert read_any(path)


@pytest.mark.parametrize("name", FILES)
def test_every_small_file_is_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(FILES[name])
    assert read_any(tmp_path / name)


def test_a_hundred_thousand_classes_are_read_or_a_line(tmp_path: Path) -> None:
    rows = "".join(f"a,{number},{number + 1},class {number}\n" for number in range(100_000))
    (tmp_path / "labels.csv").write_text(TALL + rows)
    assert read_any(tmp_path / "labels.csv") == 100_000
