"""A small label file of each format that is told apart, and a reader of any of them."""

import math
from pathlib import Path
from unicodedata import category

from preprocessing.errors import InputError

ELAN = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT AUTHOR="" DATE="2020-01-01T00:00:00" FORMAT="3.0" VERSION="3.0">
<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds"><MEDIA_DESCRIPTOR MEDIA_URL="file:///a.mp4"
 MIME_TYPE="video/mp4" TIME_ORIGIN="500"/></HEADER>
<TIME_ORDER><TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="0"/><TIME_SLOT TIME_SLOT_ID="ts2"/>
<TIME_SLOT TIME_SLOT_ID="ts3" TIME_VALUE="2000"/></TIME_ORDER>
<TIER LINGUISTIC_TYPE_REF="t" TIER_ID="walk" PARTICIPANT="anna" ANNOTATOR="ben">
<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">
<ANNOTATION_VALUE>slow</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts2" TIME_SLOT_REF2="ts3">
<ANNOTATION_VALUE>fast</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
<LINGUISTIC_TYPE LINGUISTIC_TYPE_ID="t" TIME_ALIGNABLE="true"/></ANNOTATION_DOCUMENT>
"""
BORIS = """{"time_format": "hh:mm:ss", "project_name": "p", "project_format_version": "7.0",
"observations": {"o": {"file": {"1": ["a.mp4"], "2": []}, "type": "MEDIA", "time offset": 0,
"media_info": {"length": {"a.mp4": 60.0}, "fps": {"a.mp4": 25.0}},
"events": [[1.5, "anna", "walk", "", ""], [3.0, "anna", "walk", "", ""], [4, "", "jump", "", ""]]}},
"behaviors_conf": {"0": {"code": "walk", "type": "State event"},
"1": {"code": "jump", "type": "Point event"}}, "subjects_conf": {}}
"""
TEXTGRID = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 2
tiers? <exists>
size = 1
item []:
    item [1]:
        class = "IntervalTier"
        name = "word"
        xmin = 0
        xmax = 2
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 1.5
            text = "say ""a"" b"
        intervals [2]:
            xmin = 1.5
            xmax = 2
            text = ""
"""
VIA = """{"project": {"pname": "p"}, "config": {}, "attribute": {"1": {"aname": "act",
"anchor_id": "FILE1_Z2_XY0", "type": 4, "options": {"0": "walk"}}},
"file": {"1": {"fid": "1", "fname": "a.mp4", "type": 4, "loc": 1, "src": ""}},
"view": {"1": {"fid_list": ["1"]}},
"metadata": {"1_a": {"vid": "1", "flg": 0, "z": [1, 2.5], "xy": [], "av": {"1": "0"}}}}
"""
LABEL_STUDIO = """[{"id": 1, "data": {"video": "/data/a.mp4"}, "annotations": [{"id": 2, "result": [
{"id": "x", "type": "timelinelabels", "from_name": "l", "to_name": "v", "value":
{"ranges": [{"start": 1, "end": 10}], "timelinelabels": ["walk"]}}]}]}]
"""
# By suffix and name, since a few formats look at the suffix too.
TEXTS = {
    "elan.eaf": ELAN,
    "boris.boris": BORIS,
    "praat.TextGrid": TEXTGRID,
    "via.json": VIA,
    "label_studio.json": LABEL_STUDIO,
    "jigsaws.txt": "80 219 G1 \n220 300 G2 \n301 350 G1 \n",
    "salads.txt": "53704269 268768513 cut_all\n53704269 76774251 cut_tomato_prep\n",
    "breakfast.txt": "1-30 SIL  \n31-150 take_bowl  \n",
    "gtea.txt": "<take><cup> (146-231) [1]\n<pour> (232-300) [1]\n",
    "Diving_test.txt": "video_test_0000324  49.2 53.5\nvideo_test_0000325  9.2 53.5\n",
    "names": "SIL\n" * 20 + "pour\n" * 30,
    "subtitles.srt": "1\n00:00:01,0 --> 00:00:02,500\nwalk\n\n2\n00:00:03,0 --> 00:00:04\nrun\n",
    "subtitles.vtt": "WEBVTT\n\nNOTE a\n\none\n00:01.000 --> 00:02.500\n<v Anna>walk\nslowly\n\n",
    "activitynet.json": '{"database": {"a": {"duration": 9, "annotations": [{"segment": [1, "2.5"],'
    ' "label": "walk"}]}}}',
    "predicted.json": '{"results": {"a": [{"segment": [1, 2.5], "label": "walk", "score": 0.5}]}}',
    "multithumos.json": '{"a": {"duration": 9, "actions": [[12, 1.5, 2.5], [3, 2, 4]]}}',
    "bypass.json": '{"phases": [{"start": 0, "end": 8100, "label_name": "a", "label_id": 0}]}',
    "soccer.json": '{"UrlLocal": "l/m", "annotations": [{"gameTime": "1 - 00:27", "label": "Foul",'
    ' "position": "27000", "team": "away"}]}',
    "spot.json": '[{"video": "a", "fps": 25.0, "events": [{"frame": 39, "label": "Entry"}]}]',
    "calms21.json": '{"annotator-id_0": {"t/m": {"annotations": [0, 0, 1], "metadata": {"vocab":'
    ' {"attack": 0, "other": 1}}}}}',
    "intervals.csv": "sequence,start,end,label\na,0,1.5,walk\na,1.5,3,run\n",
    "columns.csv": ",walk,run\n0,1,0\n1,1,0\n2,0,1\n",
    "phases.txt": "Frame\tPhase\n0\tPreparation\n1\tPreparation\n2\tClippingCutting\n",
    "audacity.txt": "0.5\t1.5\twalk\n2\t3\trun\n",
}
FILES = {name: text.encode() for name, text in TEXTS.items()}
FILES["wide.eaf"] = ELAN.replace("UTF-8", "UTF-16").encode("utf-16")
FILES["wide.srt"] = TEXTS["subtitles.srt"].encode("utf-16-le")
# An error is a line, whatever is in the file.
LONGEST = 1000


def controls(text: str) -> list[str]:
    """The letters of a text that move a cursor or break a line."""
    return [letter for letter in text if category(letter) in ("Cc", "Zl", "Zp")]


def read_any(path: Path) -> int:
    """Reads a label file by what it holds; returns the number of its annotations.

    Raises:
        InputError: it is refused, in one line.
    """
    from preprocessing.labels.choices import LabelChoices
    from preprocessing.labels.formats.registry import read_annotations

    try:
        reading = read_annotations(path, LabelChoices())
    except InputError as error:
        message = str(error).replace(str(path), "")
        assert not controls(message), f"a message with {message!a:.200}"
        assert len(message) < LONGEST, f"a message of {len(message)} letters"
        raise
    for one in reading.annotations if reading else ():
        assert math.isfinite(one.start), one
        assert one.end is None or one.end > one.start, one
        assert one.label, one
    for remark in reading.remarks if reading else ():
        assert not controls(remark), f"a remark with {remark!a:.200}"
        assert len(remark) < LONGEST, f"a remark of {len(remark)} letters"
    return len(reading.annotations) if reading else 0
