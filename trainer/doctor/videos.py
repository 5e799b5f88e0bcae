"""Videos: what can be decoded, and whether one goes through everything."""

import json
from collections.abc import Iterator
from pathlib import Path

import av

from trainer.doctor.child import run_child
from trainer.doctor.finding import ASK, Finding

VIDEOS, SECONDS = 6, 4.0
STAGES = "stages.jsonl"
CODECS = ("h264", "hevc", "av1", "vp9", "vp8", "mpeg4", "mpeg2video", "mjpeg", "prores")


def video_findings(folder: Path) -> Iterator[Finding]:
    """Yields which codecs can be read, and how a few seconds of video fared.

    Args:
        folder: an empty one, for the videos and what becomes of them.
    """
    known = [name for name in CODECS if _decodes(name)]
    figure = f"{', '.join(known)}; FFmpeg {av.ffmpeg_version_info}"
    lacking = [name for name in CODECS if name not in known]
    if lacking:
        advice = f"without {', '.join(lacking)}: pip install --force-reinstall av"
        yield Finding("decoders", "failed" if "h264" in lacking else "missing", figure, advice)
    else:
        yield Finding("decoders", "ok", figure)
    failure = run_child("journey", folder)
    stages = _stages(folder / STAGES)
    done = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in stages)
    name = f"{VIDEOS} videos of {SECONDS:g} s"
    if failure:
        yield Finding(name, "failed", f"{failure} (done until then: {done or 'nothing'})", ASK)
    else:
        yield Finding(name, "ok", done)


def _decodes(name: str) -> bool:
    try:
        av.codec.Codec(name, "r")
    except av.codec.codec.UnknownCodecError:
        return False
    return True


def _stages(path: Path) -> list[tuple[str, float]]:
    lines = path.read_text().splitlines() if path.exists() else []
    rows = map(json.loads, lines)
    return [(row["stage"], row["seconds"]) for row in rows]
