"""The command ``export``: a run's model as a file for programs that have no Longtake."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from preprocessing.errors import InputError
from preprocessing.files.outputs import require_folder
from preprocessing.files.strays import remove_strays_of
from preprocessing.files.text_files import read_json
from preprocessing.files.whole_file import partial_path
from preprocessing.terminal.console import say
from preprocessing.terminal.exit_codes import DONE
from trainer.export.backbone import backbone_of
from trainer.export.check import Check, compare
from trainer.export.facts import MAKER, as_json, facts_of
from trainer.export.formats import FORMATS, Format
from trainer.export.graph import Graph
from trainer.export.opened import opened, require_one_graph
from trainer.export.options import ExportConfig
from trainer.model.own_model import OwnModel
from trainer.run.folder import Run, load_run


def run_export(config: ExportConfig) -> int:
    """Runs the command ``export``; see ``ExportConfig``."""
    check = export(config)
    size = sum(file.stat().st_size for file in _files(config.path))
    say(f"{config.path}: {size / 1e6:.1f} MB, described in {described(config.path)}")
    shapes = " and of ".join(f"{batch} x {steps}" for batch, steps in check.shapes)
    say(
        f"largest difference from the run's own answers: {check.difference:.1e} ({check.calls} "
        f"calls of {shapes} steps, {check.features})"
    )
    if check.features_difference is not None:
        say(
            f"largest difference of features: {check.features_difference:.1e}; of outputs, from "
            f"frames on: {check.outputs_difference:.1e}"
        )
    return DONE


def export(config: ExportConfig) -> Check:
    """Writes a run's model, its description beside it, once it answers as the run does.

    Raises:
        InputError: the run has no model, a package is missing, the name is taken by something else,
            the model cannot be put into that format so that it answers alike, or the members of an
            ensemble not into one graph.
    """
    run = load_run(config.run)
    _require_forward(run)
    path, shape = config.path, config.shape(run.config.chunk_length)
    require_one_graph(run)
    _require_free(path)
    if config.model:
        OwnModel.read(config.model)
    made = FORMATS[config.format]
    backbone = None
    if config.with_backbone:
        backbone = backbone_of(run, config.backbone, config.format, shape)
    graph = Graph(opened(run, made.float32), shape, backbone)
    facts = facts_of(run, graph, config.format)
    with _whole(path) as (partial, partial_description):
        check = _written(run, graph, made, partial, config, as_json(facts))
        partial_description.write_text(as_json(facts, check, made.tolerance), "utf-8")
    return check


def _require_forward(run: Run) -> None:
    """Checks that a run takes steps as a program gets them.

    Raises:
        InputError: it goes backward.
    """
    if run.layout.backward:
        raise InputError(
            f"{run.path} was trained with --direction backward: a program that gets steps as they "
            "come cannot begin at the end; export a run that goes forward, or use predict"
        )


def described(path: Path) -> Path:
    """Returns the path of an exported model's description."""
    return path.with_name(f"{path.name}.json")


def _written(
    run: Run, graph: Graph, made: Format, partial: Path, config: ExportConfig, facts: str
) -> Check:
    """Writes a model and compares it with the run's own."""
    try:
        made.write(graph, partial, facts)
        call = made.open(partial)
        check = compare(run, graph, opened(run, made.float32), call)
    except (InputError, KeyboardInterrupt, OSError, MemoryError):
        raise
    except Exception as error:  # Converters have no error of their own in common.
        reason = " ".join(str(error).split())[:300]
        raise InputError(
            f"the model of {run.path} cannot be exported with --format {config.format}: "
            f"{type(error).__name__}: {reason}; give another --format"
        ) from error
    _require_alike(run, graph, made, check, config)
    return check


def _require_alike(
    run: Run, graph: Graph, made: Format, check: Check, config: ExportConfig
) -> None:
    """Checks that an exported model does as the run's own.

    Raises:
        InputError: it does otherwise.
    """
    found = [("answers otherwise", check.difference, made.tolerance)]
    if graph.backbone and check.features_difference is not None:
        allowed = max(made.tolerance, graph.backbone.rounding)
        found.append(("makes other features", check.features_difference, allowed))
    for what, difference, allowed in found:
        if not difference <= allowed:
            raise InputError(
                f"exported with --format {config.format}, the model of {run.path} {what}: a "
                f"difference of {difference:.1e} on {check.features}, expected at most "
                f"{allowed:.0e}; give another --format"
            )


def _require_free(path: Path) -> None:
    """Checks that nothing but an earlier export would be written over.

    Raises:
        InputError: something else has the name, or it is a link.
    """
    if path.is_symlink():
        raise InputError(f"{path} is a link; give --out the name of what it leads to, or another")
    require_folder("--out", path.parent)
    if path.exists():
        if not _is_export(path):
            raise InputError(
                f"{path} exists and is no export (there is no {described(path).name} of one beside "
                "it); give another --out"
            )
    elif described(path).exists() and not _is_export(path):
        raise InputError(f"{described(path)} exists and describes no export; give another --out")


def _is_export(path: Path) -> bool:
    try:
        told = read_json(described(path), "the description")
    except InputError:
        return False
    return isinstance(told, dict) and MAKER in told and str(told.get("format")) in FORMATS


@contextmanager
def _whole(path: Path) -> Iterator[tuple[Path, Path]]:
    """Gives names for a model, a file or a folder, and its description.

    At the end, if nothing fails, both get theirs, one right after the other: a description never
    speaks of a model that is not whole. What had the model's name before stays until then.
    """
    partial, description = partial_path(path), partial_path(described(path))
    before = partial_path(path.with_name(f"before.{path.name}"))
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_strays_of(path)
    remove_strays_of(described(path))
    try:
        yield partial, description
        _sync([*_files(partial), description])
        if path.is_dir() or (path.exists() and partial.is_dir()):  # Neither replaces the other.
            path.replace(before)
        partial.replace(path)
        description.replace(described(path))
    finally:
        if before.exists() and not path.exists():
            before.replace(path)
        for left in (partial, description, before):
            _remove(left)


def _sync(files: list[Path]) -> None:
    """Flushes files to the disk."""
    for file in files:
        with file.open("rb+") as written:
            os.fsync(written.fileno())


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _files(path: Path) -> list[Path]:
    return [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
