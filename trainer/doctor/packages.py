"""The packages that Longtake asks for, and those that more of it needs."""

import platform
from collections.abc import Iterator
from importlib import metadata

from packaging.requirements import Requirement

from trainer.doctor.finding import Finding

# What a person gains by each extra; those for developers are not theirs to miss.
EXTRAS = {
    "cuda": "computes on NVIDIA GPUs",
    "export": "writes models for ONNX and TensorFlow Lite",
    "onnx": "takes backbones that are .onnx files",
    "keras-hub": "takes backbones of keras-hub",
    "lite": "has the larger EfficientNet-Lite1 and -Lite2",
    "labels": "reads labels in .xlsx, and subtitles",
    "pandas": "makes tables of features in Python",
    "tune": "searches for better options",
    "dask": "extracts on a Dask cluster",
    "ray": "extracts on a Ray cluster",
}
SHOWN = ("tensorflow", "keras", "numpy", "h5py", "av", "opencv-python-headless")


def package_findings() -> Iterator[Finding]:
    """Yields what is installed, what is too old, and what more there could be."""
    yield _system()
    try:
        asked = [Requirement(text) for text in metadata.requires("longtake") or []]
    except metadata.PackageNotFoundError:
        yield Finding(
            "packages", "failed", "longtake is not installed", "in its folder: pip install ."
        )
        return
    always = [one for one in asked if _is_asked(one, "")]
    wrong = [said for one in always if (said := _wrong(one))]
    versions = ", ".join(f"{name} {found}" for name in SHOWN if (found := _version(name)))
    advice = "in the folder of Longtake: pip install --upgrade ." if wrong else ""
    yield Finding(
        "packages", "failed" if wrong else "ok", "; ".join(wrong) if wrong else versions, advice
    )
    for extra, use in EXTRAS.items():
        own = [one for one in asked if _is_asked(one, extra) and not _is_asked(one, "")]
        lacking = [said for one in own if (said := _wrong(one))]
        name = f"extra {extra}"
        if lacking:
            advice = f'{use}; in the folder of Longtake: pip install ".[{extra}]"'
            yield Finding(name, "missing", "; ".join(lacking), advice)
        elif own:
            yield Finding(name, "ok", use)


def _system() -> Finding:
    version = metadata.version("longtake") if _version("longtake") else "from a folder"
    system = f"{platform.system()} {platform.machine()}"
    return Finding("longtake", "ok", f"{version}, Python {platform.python_version()}, {system}")


def _is_asked(one: Requirement, extra: str) -> bool:
    return one.marker is None or one.marker.evaluate({"extra": extra})


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _wrong(one: Requirement) -> str:
    """Returns what is wrong with a package, or with an extra of one; empty if nothing is."""
    found = _version(one.name)
    if not found:
        return f"{one.name} is not installed"
    if not one.specifier.contains(found, prereleases=True):
        return f"{one.name} is {found}, expected {one.specifier}"
    for name in _parts(one):
        if not _version(name):
            return f"{name} is not installed"
    return ""


def _parts(one: Requirement) -> list[str]:
    """Returns the packages that the extras of a requirement bring, such as CUDA's libraries."""
    texts = (metadata.requires(one.name) or []) if one.extras else []
    asked = map(Requirement, texts)
    return [
        part.name
        for part in asked
        if not _is_asked(part, "") and any(_is_asked(part, extra) for extra in one.extras)
    ]
