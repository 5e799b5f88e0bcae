"""Tables that are read as they are: exports of annotation tools, and files of data sets.

From the most to the least particular; the first that a header or the first lines fit has it.
"""

from preprocessing.labels.formats.tabular.preset import Preset

CHOLEC80_TOOLS = "Grasper+Bipolar+Hook+Scissors+Clipper+Irrigator+SpecimenBag"
MODIFIERS = "modifier?=Modifier*"
# Names of the seven phases that Cholec80 has, and the eight of M2CAI16, at their beginnings.
SURGICAL = (
    "Preparation|CalotTriangleDissection|ClippingCutting|GallbladderDissection|"
    "GallbladderPackaging|CleaningCoagulation|GallbladderRetraction|TrocarPlacement"
)

# Classes that are the absence of all.
NO_CLASS = ("background", "none", "nothing", "other")
# One column of numbers, which are numbers of classes, or of animals.
ONE_COLUMN = "label|labels|class|behaviou?r|phase|action|state|id|animal|subject|track|video|file"

AGGREGATED = (
    *("start=Start (s)", "end=Stop (s)", "label=Behavior", "subject?=Subject"),
    *("type=Behavior type", MODIFIERS),
)
OLD_BORIS = (
    "aggregated events of BORIS before version 8 do not say how many files an observation has, nor "
    "how long they last; times count from the beginning of its first file"
)

ELAN_TIMES = (
    *(
        (unit, *(f"{name} - {way}" for name in ("Begin Time", "End Time", "Duration")))
        for unit, way in (("", "ss.msec"), ("", "hh:mm:ss.ms"), (":ms", "msec"))
    ),
    ("", "Begin Time", "End Time", "Duration"),
)
ELAN_TEXT = "Annotation|Annotations|Annotation value|Value"
ELAN_NAMES = "tier=Tier|Tier name,subject?=Participant,rater?=Annotator"
# Lines that name the media, and the file, of the rows below them.
ELAN_LINES = r"#.+ -- offset: -?\d|#.+\.eaf$"
ELAN_FILE = r"#?.+\.eaf"

OURS = (
    Preset(
        name="intervals",
        title="intervals of Longtake",
        columns=(
            *("sequence=sequence", "start=start", "end=end", "label=label", "subject?=subject"),
            *("tier?=tier", "rater?=rater", "modifier?=modifier", "confidence?=confidence"),
        ),
        strict=True,
    ),
    Preset(
        name="bouts",
        title="bouts of Longtake",
        columns=(
            *("sequence=sequence", "start=start", "end=end", "label=class"),
            *("tier?=source", "confidence?=confidence"),
        ),
    ),
)

BORIS = (
    Preset(
        name="boris-events",
        title="tabular events of BORIS",
        columns=(
            *("sequence=Media file name", "start=Time", "label=Behavior", "subject?=Subject"),
            *("type=Behavior type", MODIFIERS),
        ),
        clock="Observation id",
        source=("Source", "Media duration (s)", "Time offset (s)"),
        points=True,
    ),
    Preset(
        name="boris-events",
        title="tabular events of BORIS",
        columns=(
            *("sequence=Media file path", "start=Time", "label=Behavior", "subject?=Subject"),
            *("type=Status", MODIFIERS),
        ),
        preamble={"clock": "Observation id", "offset": "Time offset (s)"},
        points=True,
    ),
    Preset(
        name="boris-aggregated",
        title="aggregated events of BORIS",
        columns=("sequence=Media file name", *AGGREGATED),
        clock="Observation id",
        source=("Source", "Media duration (s)", "Time offset (s)"),
        points=True,
    ),
    Preset(
        name="boris-aggregated",
        title="aggregated events of BORIS",
        columns=("sequence=Media file", *AGGREGATED),
        clock="Observation id",
        points=True,
        remark=OLD_BORIS,
    ),
    *(
        Preset(
            name="boris-aggregated",
            title="aggregated events of BORIS",
            columns=(
                *(f"sequence={media}", "start=-5", "end=-4", "label=-9", "subject=-10"),
                *("type=-6", "modifier=-7"),
            ),
            shape=(
                *("text", "date", *described, "any", "length", "length", "..."),
                *("any", "text", "any", "any", "STATE|POINT", "number", "number", "length"),
                *("any", "any"),
            ),
            clock="1",
            points=True,
            remark=OLD_BORIS,
        )
        for media, described in ((3, ()), (4, ("any",)))
    ),
)

NOLDUS = (
    Preset(
        name="observer",
        title="events of The Observer XT",
        columns=(
            "sequence=Observation",
            "start=Time_Relative_sf|Time_Relative_s|Time_Relative_hmsf|Time_Relative_hms",
            *("duration?=Duration_sf|Duration_s", "label=Behavior", "type=Event_Type"),
            *("subject?=Subject", MODIFIERS),
        ),
        points=True,
    ),
    Preset(
        name="observer",
        title="events of The Observer XT",
        columns=(
            *("sequence=Observation", "start:frames=Time_Relative_f", "label=Behavior"),
            *("type=Event_Type", "subject?=Subject", MODIFIERS),
        ),
        points=True,
    ),
    Preset(
        name="ethovision-events",
        title="scored events of EthoVision XT",
        columns=(
            *("start=Recording time|Trial time", "label=Behavior", "type=Event"),
            *("subject?=Subject",),
        ),
        preamble={"sequence": "Video file", "began": "Start time", "video": "Video start time"},
        points=True,
    ),
    Preset(
        name="ethovision",
        title="raw data of EthoVision XT",
        columns=("time=Trial time", "classes=..."),
        needs=("Recording time",),
        preamble={"sequence": "Video file", "began": "Start time", "video": "Video start time"},
        pattern=r"(?P<label>.*?)\s*\((?P<tier>[^()/]*)\)",
        left_out=r"in zone\b.*|zone\b.*|mobility.*|movement.*|activity.*|body contact.*|result .*",
        lines_below=1,
    ),
)

TOOLS = (
    Preset(
        name="dlcanalyzer",
        title="labels of DLCAnalyzer and dlc2action",
        columns=("sequence=ID", "start=from", "end=to", "label=type", "rater=Experimenter"),
    ),
    Preset(
        name="datavyu-csv",
        title="columns of Datavyu as a table",
        columns=("sequence=file", "tier=column", "start:ms=onset", "end:ms=offset", "label=..."),
        needs=("ordinal",),
        joined=",",
        points=True,
    ),
    *(
        Preset(
            name="elan-tab",
            title="tab-delimited export of ELAN",
            columns=(
                *(f"start{unit}={begin}", f"end{needed}{unit}={end}", f"duration?{unit}={lasts}"),
                *(columns, "sequence?=File Path|File Name|File"),
            ),
            left_out=r"(begin time|end time|duration)( - .*)?|file( name| path)?",
            comment=ELAN_LINES,
            block=ELAN_FILE,
        )
        for columns, needed in ((f"label={ELAN_TEXT},{ELAN_NAMES}", ""), ("tiers=...", "?"))
        for unit, begin, end, lasts in ELAN_TIMES[: 3 if needed else None]
    ),
    Preset(
        name="elan-tab",
        title="tab-delimited export of ELAN",
        columns=("start=1", "label=-1"),
        comment=ELAN_LINES,
        block=ELAN_FILE,
        timed=True,
    ),
    Preset(
        name="audacity",
        title="label track of Audacity",
        columns=("start=1", "end=2", "label=3"),
        mark="\t",
        shape=("number", "number", "any"),
        comment=r"\\",
        points=True,
    ),
    Preset(
        name="jwatcher",
        title="focal data of JWatcher",
        columns=("start:ms=1", "label=2"),
        shape=("whole", "text", "..."),
        first="FirstLineOfData=.*",
        nothing=("EOF",),
        remark="keys of JWatcher are read as points, since only its master file says which of them "
        "last, and until when; where each lasts until the next, give "
        "--label-columns time:ms=1,label=2",
    ),
)

DATA_SETS = (
    Preset(
        name="epic-kitchens",
        title="segments of EPIC-KITCHENS",
        columns=(
            *("sequence=video_id", "start=start_timestamp", "end=stop_timestamp"),
            "tiers=verb+noun",
        ),
        needs=("start_frame", "stop_frame"),
    ),
    Preset(
        name="charades",
        title="actions of Charades",
        columns=("sequence=id", "actions=actions"),
    ),
    Preset(
        name="autolaparo",
        title="phases of AutoLaparo",
        columns=("time:frames1=Frame", "label=Phase"),
        cells={"Frame": "1", "Phase": "[1-7]"},
        fps=1.0,
    ),
    Preset(
        name="cholec80",
        title="phases of Cholec80 and M2CAI16",
        columns=("time:frames=Frame", "label=Phase"),
        cells={"Phase": SURGICAL},
        fps=25.0,
    ),
    Preset(
        name="phases",
        title="a phase a frame",
        columns=("time:frames=Frame", "label=Phase"),
    ),
    Preset(
        name="cholec80-tools",
        title="tools of Cholec80",
        columns=("time:frames=Frame", f"classes={CHOLEC80_TOOLS}"),
        fps=25.0,
    ),
    Preset(
        name="sar-rarp50",
        title="actions of SAR-RARP50",
        columns=("time:frames=1", "label=2"),
        shape=("frame", "whole"),
        fps=60.0,
    ),
)

LINE_A_FRAME = (
    Preset(
        name="solomon",
        title="Solomon Coder",
        columns=("time=Time", "tiers=..."),
        even=True,
    ),
    Preset(
        name="class-columns",
        title="a column a class, a line a frame",
        columns=("time=Time|Seconds|Time (s)|Timestamp", "classes=..."),
        nothing=NO_CLASS,
        left_out=ONE_COLUMN,
        even=True,
    ),
    Preset(
        name="class-columns",
        title="a column a class, a line a frame",
        columns=("time:frames=1", "classes=..."),
        nothing=NO_CLASS,
        left_out=ONE_COLUMN,
        even=True,
    ),
    Preset(
        name="simba",
        title="targets of SimBA",
        columns=("time:frames=1", "classes=..."),
        needs=("*_x", "*_y", "*_p"),
        left_out="probability .*",
        behind=".* [xyp]|low prob .*|sum probabilities.*",
        even=True,
    ),
)

PRESETS = (*OURS, *BORIS, *NOLDUS, *DATA_SETS, *TOOLS, *LINE_A_FRAME)
