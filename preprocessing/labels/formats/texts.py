"""Lines of text, subtitles, and the JSON of data sets."""

from preprocessing.labels.formats.activitynet import ACTIVITYNET
from preprocessing.labels.formats.base import Format
from preprocessing.labels.formats.calms21 import CALMS21
from preprocessing.labels.formats.lines import LINES
from preprocessing.labels.formats.phases import PHASES
from preprocessing.labels.formats.soccernet import SOCCERNET
from preprocessing.labels.formats.spotting import SPOTTING
from preprocessing.labels.formats.subtitles import SRT, VTT

# From the most to the least particular: the first that recognises a file has it.
TEXTS: tuple[Format, ...] = (
    VTT,
    SRT,
    PHASES,
    SOCCERNET,
    CALMS21,
    SPOTTING,
    ACTIVITYNET,
    LINES,
)
