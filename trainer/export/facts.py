"""The facts that a client must know about an exported model, as JSON."""

import json
from importlib.metadata import version
from typing import Any

from trainer.export.check import Check
from trainer.export.graph import FEATURES, Graph
from trainer.export.options import FormatName
from trainer.layout import Layout
from trainer.plan.passage import late
from trainer.run.folder import Run

MAKER = "longtake"


def facts_of(run: Run, graph: Graph, format_name: FormatName) -> dict[str, Any]:
    """Returns the facts about an exported model; docs/export.md explains each.

    Args:
        run: the run of the model.
        graph: the exported graph.
        format_name: its format.
    """
    config, facts, layout = run.config, run.facts, run.layout
    return {
        MAKER: version(MAKER),
        "format": format_name,
        "task": facts.task,
        "classes": list(facts.classes),
        "answers": config.outputs,
        "horizon": config.horizon,
        "repeat_last": late(config.horizon),
        "sees": config.inputs,
        "features": layout.feature_size(facts.dimension),
        "frames": _frames(graph),
        "past": _past(layout),
        "state": config.state,
        "windows": _windows(run),
        "chunk_length": config.chunk_length,
        "fps": facts.fps,
        "backbone": facts.backbone,
        "backbone_digest": facts.backbone_digest,
        "settings": facts.settings,
        "precision": config.precision,
        "inputs": {spec.name: list(spec.shape) for spec in graph.specs},
        "outputs": _output_shapes(graph, len(facts.classes)),
        "carry": dict(zip(graph.carry, graph.outputs[1:], strict=True)),
    }


def as_json(facts: dict[str, Any], check: Check | None = None, tolerance: float = 0.0) -> str:
    """Returns the description of a model, with the result of its check if there is one.

    Args:
        facts: see ``facts_of``.
        check: the result of the check.
        tolerance: the largest difference that the check allows.
    """
    if check is not None:
        known = {name: value for name, value in vars(check).items() if value is not None}
        facts = {**facts, "check": {**known, "tolerance": tolerance}}
    return json.dumps(facts, indent=1, ensure_ascii=False) + "\n"


def _frames(graph: Graph) -> dict[str, Any] | None:
    """Returns what frames a client makes for each input of them; None if features go in."""
    if graph.backbone is None:
        return None
    return {
        one.name: {
            "height": one.size[0],
            "width": one.size[1],
            "colours": "RGB",
            "resize": "area",
            "clip": one.clip and one.clip.length,
            "clip_stride": one.clip and one.clip.stride,
        }
        for one in graph.backbone.inputs
    }


def _past(layout: Layout) -> dict[str, Any] | None:
    """Returns what a client feeds beside the features of the step before; None if nothing."""
    if not layout.past_size:
        return None
    return {
        "size": layout.past_size,
        "first_features": list(layout.unknown_features),
        "first_labels": layout.task.unknown.tolist(),
    }


def _windows(run: Run) -> dict[str, int] | None:
    """Returns the windows after which a client zeroes the carry; None if only at a start."""
    config = run.config
    if config.state == "carry":
        return None
    return {"steps": config.chunk_length, "burn_in": config.burn_in}


def _output_shapes(graph: Graph, size: int) -> dict[str, list[int | None]]:
    batch, steps = graph.shape.batch, graph.shape.steps
    states = [list(spec.shape) for spec in graph.specs[len(graph.step_specs) :]]
    shapes = dict(zip(graph.outputs, [[batch, steps, size], *states], strict=True))
    if graph.backbone:
        shapes[FEATURES] = [batch, steps, graph.backbone.joined.dimension]
    return shapes
