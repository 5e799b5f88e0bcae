"""Names of backbones: which of them are files, and which are told of pixels and clips."""

from pathlib import Path

PREFIX = "keras-hub:"


def names_file(name: str) -> bool:
    """Returns True if some part of a name is a file, or a place, which somebody has to point at."""
    return any(suffix_of(part) or is_place(preset_of(part) or "") for part in name.split("+"))


def with_absolute_paths(name: str) -> str:
    """Makes the files in a name absolute, for a process with another working directory."""
    parts = name.split("+")
    return "+".join(_absolute(part) for part in parts)


def _absolute(part: str) -> str:
    preset = preset_of(part)
    if preset is not None:
        local = is_place(preset) and "://" not in preset
        return f"{PREFIX}{Path(preset).absolute()}" if local else part
    return str(Path(part).absolute()) if suffix_of(part) else part


def takes_pixels(name: str) -> bool:
    """Returns True if ``--pixels`` applies to some part of a name."""
    return any(suffix_of(part) in (".keras", ".onnx") for part in name.split("+"))


def takes_clips(name: str) -> bool:
    """Returns True if ``--clip`` may apply to some part of a name."""
    return takes_pixels(name) or any(preset_of(part) is not None for part in name.split("+"))


def suffix_of(part: str) -> str:
    """Returns the kind of file that a part of a name is; empty if it is no file."""
    if preset_of(part) is not None:
        return ""
    if part.endswith(".py") or ".py:" in part:
        return ".py"
    suffix = Path(part).suffix
    return suffix if suffix in (".keras", ".onnx") else ""


def preset_of(part: str) -> str | None:
    """Returns the preset of keras-hub that a part of a name asks for; None if it asks for none."""
    return part[len(PREFIX) :] if part.lower().startswith(PREFIX) else None


def is_place(preset: str) -> bool:
    """Returns True if a preset is a folder or a handle, not one of those that keras-hub knows."""
    return "/" in preset
