"""The formats that labels are written in."""

from preprocessing.labels.formats.writers.audacity import AUDACITY
from preprocessing.labels.formats.writers.base import Writer
from preprocessing.labels.formats.writers.boris import BORIS
from preprocessing.labels.formats.writers.boris_aggregated import BORIS_AGGREGATED
from preprocessing.labels.formats.writers.class_columns import COLUMNS
from preprocessing.labels.formats.writers.elan import ELAN
from preprocessing.labels.formats.writers.intervals import INTERVALS
from preprocessing.labels.formats.writers.label_studio import LABEL_STUDIO
from preprocessing.labels.formats.writers.names import NAMES
from preprocessing.labels.formats.writers.via import VIA
from preprocessing.labels.formats.writers.webvtt import WEBVTT

WRITERS: dict[str, Writer] = {
    one.name: one
    for one in (
        INTERVALS,
        BORIS,
        BORIS_AGGREGATED,
        ELAN,
        VIA,
        LABEL_STUDIO,
        COLUMNS,
        AUDACITY,
        WEBVTT,
        NAMES,
    )
}
