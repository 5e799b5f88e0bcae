"""Which video a result of Label Studio is about, and at how many frames a second it counts."""

import math
import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from preprocessing.files.numerals import number_or_nan
from preprocessing.labels.formats.json_values import text_of

TAG = re.compile(r"<(\w+)\s([^<>]*)>")
ATTRIBUTE = re.compile(r"""(?<![\w-])([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
# Label Studio's own, where <Video> does not say.
DEFAULT_FPS = 24.0
MEDIA_SUFFIX = re.compile(r"\.\w{2,4}(?:[?#].*)?$")
# Where tasks that Longtake made say their frame rate, which exports of them keep.
RATE = "fps"
LIKELY_KEYS = ("video", "audio")
# Uploaded files get eight letters before their names.
UPLOADED = re.compile(r"(?:^|/)upload/\d+/(?:[0-9a-f]{8}-)?([^/]+)$")
LOCAL = "local-files"


class Interface:
    """The labelling interface of a project: its tags and their attributes.

    Args:
        config: as XML; empty if the file does not hold it.
    """

    def __init__(self, config: str):
        self._tags = [
            (tag, {key.lower(): one or other for key, one, other in ATTRIBUTE.findall(attributes)})
            for tag, attributes in TAG.findall(config)
        ]

    def media(self, name: str, data: dict[str, Any]) -> str:
        """Returns the video or sound of a task.

        Args:
            name: the tag that shows it; empty if that is not known.
            data: of the task.
        """
        shown = (tag.get("value", "") for _, tag in self._tags if tag.get("name") == name)
        keys = [*(value.lstrip("$") for value in shown), name]
        keys += [key for likely in LIKELY_KEYS for key in data if likely in key.lower()]
        for key in keys:
            if media := text_of(data.get(key)):
                return plain_name(media)
        texts = [value for value in data.values() if isinstance(value, str)]
        return plain_name(next(filter(MEDIA_SUFFIX.search, texts), ""))

    def fps(self, name: str, data: dict[str, Any]) -> float | None:
        """Returns the frame rate that frames of a video are counted by; None if it is not known.

        Args:
            name: the tag that shows it; empty if that is not known.
            data: of the task, which the tag can refer to.
        """
        if not self._tags:
            return _rate(text_of(data.get(RATE)))
        for kind, tag in self._tags:
            if kind != "Video" or name not in ("", tag.get("name")):
                continue
            written = tag.get("framerate", "")
            if written.startswith("$"):
                written = text_of(data.get(written[1:]))
            return _rate(written) if written else DEFAULT_FPS
        return None


def _rate(written: str) -> float | None:
    """Returns a frame rate; None if it is none."""
    fps = number_or_nan(written) if written else math.nan
    return fps if 0 < fps < math.inf else None


def plain_name(media: str) -> str:
    """Returns the name of a file as people know it, of that by which Label Studio shows it.

    Args:
        media: a path, or a URL of Label Studio's own store, of an upload, or of anywhere.
    """
    try:
        parts = urlsplit(media)
    except ValueError:
        return media
    if LOCAL in parts.path and (inside := parse_qs(parts.query).get("d")):
        return inside[0]
    if uploaded := UPLOADED.search(parts.path):
        return unquote(uploaded[1])
    return unquote(parts.path) if parts.scheme in ("http", "https", "s3", "gs") else media
