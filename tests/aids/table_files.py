"""Tables as other programs write them, and what is read of them."""

import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import Annotation, Reading
from preprocessing.labels.formats.registry import read_annotations

KIND = "application/vnd.openxmlformats-"
CONTENT_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    f'<Default Extension="rels" ContentType="{KIND}package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{KIND}officedocument.spreadsheetml.sheet.'
    'main+xml"/></Types>'
)
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def table(
    folder: Path, text: str, *columns: str, encoding: str = "utf-8", name: str = "table.csv"
) -> Reading:
    """Writes a text, and reads it as labels, with a map of columns if one is given."""
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return read(path, *columns)


def read(path: Path, *columns: str) -> Reading:
    reading = read_annotations(path, LabelChoices(columns=columns))
    assert reading is not None
    return reading


def said(reading: Reading) -> list[tuple[object, ...]]:
    """(video, start, end, label) of each annotation, in order."""
    return [(one.media, one.start, one.end, one.label) for one in in_order(reading)]


def in_order(reading: Reading) -> list[Annotation]:
    return sorted(reading.annotations, key=lambda one: (one.media, one.start, one.label, one.tier))


def workbook(path: Path, sheets: dict[str, list[list[object]]], furthest: str = "") -> Path:
    """Writes an .xlsx file by hand: texts and numbers, and one more cell far away."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", CONTENT_TYPES)
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r" Type="{OFFICE}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        )
        names = "".join(
            f'<sheet name="{escape(name)}" sheetId="{at}" r:id="r{at}"/>'
            for at, name in enumerate(sheets, 1)
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{names}</sheets></workbook>',
        )
        links = "".join(
            f'<Relationship Id="r{at}" Type="{OFFICE}/worksheet" '
            f'Target="worksheets/sheet{at}.xml"/>'
            for at in range(1, len(sheets) + 1)
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{PACKAGE}">{links}</Relationships>',
        )
        for at, rows in enumerate(sheets.values(), 1):
            archive.writestr(f"xl/worksheets/sheet{at}.xml", _sheet(rows, furthest))
    return path


def _sheet(rows: list[list[object]], furthest: str) -> str:
    cells = (
        "".join(_cell(number, at, value) for at, value in enumerate(row))
        for number, row in enumerate(rows, 1)
    )
    lines = "".join(f'<row r="{number}">{row}</row>' for number, row in enumerate(cells, 1))
    far = f'<row r="1048576"><c r="{furthest}"><v>1</v></c></row>' if furthest else ""
    return f'<worksheet xmlns="{MAIN}"><sheetData>{lines}{far}</sheetData></worksheet>'


def _cell(number: int, at: int, value: object) -> str:
    place = f"{chr(65 + at)}{number}"
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f'<c r="{place}"><v>{value}</v></c>'
