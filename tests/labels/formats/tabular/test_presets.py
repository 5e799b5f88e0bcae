"""Exports of annotation tools and tables of data sets, each told by its header or its lines."""

import pytest
from table_files import in_order, said, table, workbook
from table_files import read as read_file
from table_texts import AGGREGATED, HEADER_8, KNOWN, PREAMBLE_7, TWO_FILES

from preprocessing.errors import InputError
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import OPEN
from preprocessing.labels.formats.registry import format_of


@pytest.mark.parametrize(("name", "text", "expected"), KNOWN)
def test_a_table_is_told_by_what_it_holds_and_read_as_what_it_is(tmp_path, name, text, expected):
    reading = table(tmp_path, text, name="labels.txt")
    found = format_of(tmp_path / "labels.txt", LabelChoices())
    assert found is not None
    assert found.name == name
    assert said(reading) == expected


def test_each_name_of_a_format_is_one(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("x")
    with pytest.raises(InputError, match=r"expected one of .*boris-events, .*solomon") as error:
        format_of(path, LabelChoices(format="nonsense"))
    names = str(error.value).partition("one of ")[2].split(", ")
    assert len(names) == len(set(names))


def test_a_state_of_boris_that_lasts_into_the_next_file_is_cut_there(tmp_path):
    text = HEADER_8 + "".join(
        f"{TWO_FILES.format('1.0')},m1,{what},,{more},{kind},{time},{media},1,NA,\n"
        for what, more, kind, time, media in (
            ("walk", "fast", "START", 50, "a.mp4"),
            ("walk", "fast", "STOP", 150, "b.mp4"),
            ("hit", "None", "POINT", 160, "b.mp4"),
            ("rest", "", "START", 190, "b.mp4"),
        )
    )
    reading = table(tmp_path, text)
    assert said(reading) == [
        ("a.mp4", 49.0, 100.0, "walk"),
        ("b.mp4", 0.0, 49.0, "walk"),
        ("b.mp4", 59.0, None, "hit"),
        ("b.mp4", 89.0, OPEN, "rest"),
    ]
    assert [one.modifiers for one in in_order(reading)] == [("fast",), ("fast",), (), ()]


@pytest.mark.parametrize("described", ["", "\tof two mice"], ids=["bare", "described"])
def test_aggregated_events_of_boris_need_no_header(tmp_path, described):
    reading = table(tmp_path, AGGREGATED.format(described, "a.mp4"))
    assert said(reading) == [("a.mp4", 1.8, 8.125, "s"), ("a.mp4", 266.165, None, "p")]
    assert [(one.subject, one.modifiers) for one in in_order(reading)] == [
        ("No focal subject", ()),
        ("mouse", ("x",)),
    ]


def test_times_of_two_files_whose_lengths_are_not_said_stay_those_of_the_observation(tmp_path):
    reading = table(tmp_path, AGGREGATED.format("", "b.mp4"))
    assert {one.media for one in reading.annotations} == {"obs 2"}
    assert reading.remarks == [
        "aggregated events of BORIS before version 8 do not say how many files an observation has, "
        "nor how long they last; times count from the beginning of its first file",
        "1 observation of several videos, as 'obs 2' of a.mp4, b.mp4: how long each lasts is not "
        "in this table, so its times stay those of the observation, which is taken for one video; "
        "the project of BORIS says more",
    ]


def test_live_observations_of_boris_are_called_by_their_name(tmp_path):
    reading = table(tmp_path, AGGREGATED.format("", "LIVE").replace("a.mp4", "LIVE"))
    assert {one.media for one in reading.annotations} == {"obs 2"}


def test_the_offset_of_an_observation_is_taken_off(tmp_path):
    text = PREAMBLE_7.replace("(s)\t0.0", "(s)\t10.0") + "12.5\ta.mp4\t9\t25\t\thit\t\t\tPOINT\n"
    assert said(table(tmp_path, text)) == [("a.mp4", 2.5, None, "hit")]


def test_verbs_and_nouns_of_epic_kitchens_are_tiers(tmp_path):
    text = (
        "narration_id,participant_id,video_id,start_timestamp,stop_timestamp,start_frame,"
        "stop_frame,verb,verb_class,noun\n"
        "P01_01_0,P01,P01_01,00:00:00.14,00:01:03.37,8,202,open,3,door\n"
    )
    rows = [(one.start, one.end, one.label, one.tier) for one in in_order(table(tmp_path, text))]
    assert rows == [(0.14, 63.37, "door", "noun"), (0.14, 63.37, "open", "verb")]


ETHOVISION = [
    ["Number of header lines:", "7"],
    ["Trial name", "Trial     1"],
    ["Start time", "03/15/2021 13:54:26.490"],
    ["Video file", "D:\\mice\\1,2.MP4"],
    ["Video start time", "03/15/2021 13:54:03.000"],
    [
        "Trial time",
        "Recording time",
        "X center",
        "In zone(Arena / center-point)",
        "Walking(Mutually exclusive)",
        "Eating(Mutually exclusive 2)",
        "Result 1",
    ],
    ["s", "s", "cm", "", "", "", ""],
    ["0", "0", "1.5", "1", "1", "0", "1"],
    ["0.5", "0.5", "-", "1", "1", "1", "1"],
    ["1", "1", "1.5", "1", "0", "-", "1"],
]


def test_behaviours_of_ethovision_are_read_in_the_time_of_the_video(tmp_path):
    text = "".join(";".join(f'"{value}"' for value in row) + "\r\n" for row in ETHOVISION)
    reading = table(tmp_path, text, encoding="utf-16")
    video = "D:\\mice\\1,2.MP4"
    assert said(reading) == [(video, 23.49, 24.49, "Walking"), (video, 23.99, 24.49, "Eating")]
    assert [one.tier for one in in_order(reading)] == ["Mutually exclusive", "Mutually exclusive 2"]
    assert reading.remarks == [
        "columns of 0 and 1 that nobody scored are left out (In zone(Arena / center-point), Result "
        "1); --label-columns 'time=Trial time,classes=A+B' takes them",
        "times count from the start of the trial, 23.49 s after that of the video (Start time, "
        "Video start time), and are moved by as much",
    ]


def test_a_workbook_of_ethovision_has_a_sheet_for_each_subject(tmp_path):
    rows: list[list[object]] = [list(row) for row in ETHOVISION]
    numbers: list[list[object]] = [[0.5 * at, 0.5 * at, 1, 1, 1, 0, 1] for at in range(3)]
    path = workbook(tmp_path / "raw.xlsx", {"Track-1": [*rows[:7], *numbers], "Track-2": rows})
    assert [(start, end, label) for _, start, end, label in said(read_file(path))] == [
        *((23.49, 24.99, "Walking"), (23.49, 24.49, "Walking"), (23.99, 24.49, "Eating")),
    ]


def test_keys_of_jwatcher_are_points_until_somebody_says_that_they_last(tmp_path):
    text = (
        "FirstLineOfData=6\n#----\n# Name: a.dat\nStartTime=1480211846000\n#BEGIN DATA\n"
        "3300, s\n9900, e\n24475, EOF\n"
    )
    reading = table(tmp_path, text)
    assert said(reading) == [("", 3.3, None, "s"), ("", 9.9, None, "e")]
    [remark] = reading.remarks
    columns = remark.split("--label-columns ")[1]
    lasting = table(tmp_path, text, columns)
    assert said(lasting) == [("", 3.3, 9.9, "s"), ("", 9.9, 24.475, "e")]


def test_frames_that_count_from_1_are_said_to(tmp_path):
    reading = table(tmp_path, "frame,walk\n1,1\n2,1\n3,0\n")
    assert said(reading) == [("", 0.0, 2.0, "walk")]
    assert reading.remarks == [
        "the first line is frame 1, which is taken for the first of the video"
    ]


VIA = (
    "# Exported using VGG Image Annotator\n"
    '# ATTRIBUTE = {"1":{"aname":"Activity","type":1,"options":{}},'
    '"2":{"aname":"Object","type":4,"options":{"1":"Egg","2":"Pan, hot"}}}\n'
    "# CSV_HEADER = metadata_id,file_list,flags,temporal_coordinates,spatial_coordinates,metadata\n"
    '"a","[""a.mp4""]",0,"[2,6.5]","[]","{""1"":""break egg""}"\n'
    '"b","[""a.mp4"",""b.mp4""]",0,"[0.917]","[4,1]","{""2"":""2""}"\n'
    '"c","[""a.mp4""]",0,"[]","[]","{""2"":""1""}"\n'
)


def test_ids_of_via_become_names_and_a_time_alone_is_a_point(tmp_path):
    reading = table(tmp_path, VIA)
    assert said(reading) == [
        ("a.mp4", 0.917, None, "Pan, hot"),
        ("a.mp4", 2.0, 6.5, "break egg"),
        ("b.mp4", 0.917, None, "Pan, hot"),
    ]
    assert [one.tier for one in in_order(reading)] == ["Object", "Activity", "Object"]
    assert reading.media == ("a.mp4", "b.mp4")


def test_temporal_segments_of_via_have_names_of_attributes(tmp_path):
    text = (
        "# CSV_HEADER = metadata_id,file_list,temporal_segment_start,temporal_segment_end,"
        "metadata\n"
        '"a","[""a.mp4""]",2,6.5,"{""Activity"":""break egg""}"\n'
        '"b","[""a.mp4""]",0.917,,"{""Object"":""1""}"\n'
    )
    reading = table(tmp_path, text)
    assert said(reading) == [("a.mp4", 0.917, None, "1"), ("a.mp4", 2.0, 6.5, "break egg")]


def test_rows_of_several_files_of_elan_without_their_names_are_refused(tmp_path):
    rows = "gaze\t00:00:01.000\t1.0\t00:00:02.000\t2.0\tleft\n" * 2
    with pytest.raises(InputError, match=r"line 5: '#b\.eaf' begins the rows of another file"):
        table(tmp_path, f'"#a.eaf"\n{rows}\n"#b.eaf"\n{rows}')


def test_a_media_offset_that_elan_may_have_added_is_remarked_on(tmp_path):
    media = '"#file:///v.mp4 -- offset: 1200, duration: 00:05:00.000 / 300.000 / 300000"\n'
    reading = table(tmp_path, media + "Begin Time - ss.msec\tgaze\n1.0\tleft\n2.0\tup\n")
    assert reading.remarks == [
        "the video begins 1200 ms late; ELAN adds them to the times only where it was told to, so "
        "these are taken as they are"
    ]
