"""Projects of annotation tools, whose files know their videos."""

from preprocessing.labels.formats.anvil import ANVIL
from preprocessing.labels.formats.base import Format
from preprocessing.labels.formats.bento import BENTO
from preprocessing.labels.formats.boris import BORIS
from preprocessing.labels.formats.caltech import CALTECH
from preprocessing.labels.formats.datavyu import DATAVYU
from preprocessing.labels.formats.elan import ELAN
from preprocessing.labels.formats.label_studio import LABEL_STUDIO
from preprocessing.labels.formats.textgrid import TEXTGRID
from preprocessing.labels.formats.via import VIA

# From the most to the least particular: the first that recognises a file has it. What can be told
# by a first line comes before what needs a look into an archive or all of a JSON file.
PROJECTS: tuple[Format, ...] = (
    ELAN,
    TEXTGRID,
    BENTO,
    CALTECH,
    ANVIL,
    DATAVYU,
    BORIS,
    VIA,
    LABEL_STUDIO,
)
