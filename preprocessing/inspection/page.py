"""A page of a sheet: a figure on which things are placed in pixels from the upper left corner."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import IdentityTransform
from numpy.typing import NDArray

from preprocessing.terminal.console import note
from preprocessing.terminal.streams import printable

DPI = 100
# Pixels.
WIDTH, MARGIN = 1500, 30
# Of words beside pictures, and around pictures.
GREY, EDGE = "#555b66", (150, 153, 160)
# Those that have letters which matplotlib's own font lacks, on systems that have one of them.
FONTS = (
    *("Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans JP", "Noto Sans SC", "Noto Sans KR"),
    *(
        "WenQuanYi Zen Hei",
        "WenQuanYi Micro Hei",
        "IPAGothic",
        "NanumGothic",
        "Droid Sans Fallback",
    ),
    *("Hiragino Sans", "PingFang SC", "Apple SD Gothic Neo", "Arial Unicode MS"),
    *("Yu Gothic", "Microsoft YaHei", "Malgun Gothic", "Noto Sans Devanagari", "Nirmala UI"),
)


@contextmanager
def own_style() -> Iterator[None]:
    """Restores matplotlib's defaults, since a user's settings might call TeX on ids.

    Letters that no font has become boxes, which a note says.
    """
    lacking: list[object] = []
    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()
        known = {font.name for font in font_manager.fontManager.ttflist}
        fonts = matplotlib.rcParams["font.sans-serif"][:1]
        matplotlib.rcParams["font.sans-serif"] = fonts + [one for one in FONTS if one in known]
        warnings.filterwarnings("always", "Glyph .* missing", UserWarning)
        _set_aside("Glyph", lacking)
        yield
    if lacking:
        note("some letters are drawn as boxes, since no font of this machine is known to have them")


def _set_aside(word: str, aside: list[object]) -> None:
    """Has warnings that begin with a word put on a list until the end of ``catch_warnings``."""
    shown = warnings.showwarning

    def show(message: Any, *rest: Any) -> None:
        if str(message).startswith(word):
            aside.append(message)
        else:
            shown(message, *rest)

    warnings.showwarning = show  # type: ignore[assignment]


class Page:
    """A figure on which things are placed in pixels from the upper left corner."""

    def __init__(self, height: int):
        self.height = height
        self.figure = Figure((WIDTH / DPI, height / DPI), dpi=DPI)
        FigureCanvasAgg(self.figure)

    def text(self, left: float, top: float, text: str, **options: Any) -> Any:
        """Writes text literally: an id of a stranger is no formula and holds no escape codes.

        Args:
            left: pixels from the left edge.
            top: pixels from the upper edge.
            text: one line or several.
            **options: of matplotlib's ``Figure.text``.
        """
        shown = "\n".join(map(printable, text.split("\n")))
        options = {"parse_math": False, "transform": IdentityTransform(), **options}
        return self.figure.text(left, self.height - top, shown, **options)

    def line(self, left: float, top: float, text: str, width: float, **options: Any) -> None:
        """Writes text on one line, if need be without its middle.

        Args:
            left: pixels from the left edge.
            top: pixels from the upper edge.
            text: what is written.
            width: the most pixels that it may take.
            **options: of matplotlib's ``Figure.text``.
        """
        text = printable(text)
        drawn = self.text(left, top, text, **options)
        kept = len(text)
        while (long := drawn.get_window_extent().width) > width and kept > 2:
            kept = min(kept - 1, int(kept * width / long))
            half = kept // 2
            drawn.set_text(f"{text[:half]}…{text[len(text) - half :]}")

    def picture(self, pixels: NDArray[np.uint8], left: int, top: int) -> None:
        self.figure.figimage(pixels, left, self.height - top - len(pixels), origin="upper")

    def axes(self, left: int, top: int, width: int, height: int) -> Any:
        bottom = self.height - top - height
        where = (left / WIDTH, bottom / self.height, width / WIDTH, height / self.height)
        return self.figure.add_axes(where)
