"""The remarks after train and evaluate: each of made figures, three at most, each with a flag."""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from made_decoders import made_decoder

from trainer.advice.lanes import rows_of
from trainer.advice.order import after_evaluation, after_training
from trainer.advice.remark import MOST
from trainer.config import TrainConfig
from trainer.decoder.decoder_file import write_decoder
from trainer.run.lineage import Lineage, Recording
from trainer.run.validated import Validated, known_validated

NOWHERE = Path("nowhere")


def run(*scores: tuple[float, float], best: int = 1, folder: Path = NOWHERE, **options: Any) -> Any:
    """A run of which only what advice looks at is there."""
    history = [
        {"epoch": n, "accuracy": trained, "val_accuracy": held_out}
        for n, (trained, held_out) in enumerate(scores, start=1)
    ]
    names = ("decoder.json", "labels.json", "validated.json")
    decoder, labels, validated = (folder / name for name in names)
    return SimpleNamespace(
        config=TrainConfig(Path("store"), Path("labels"), Path("run"), **options),
        history=history,
        progress=SimpleNamespace(best_epoch=best, lanes=0),
        splits=SimpleNamespace(validation=("v",)),
        path=folder,
        decoder_path=decoder,
        labels_path=labels,
        validated_path=validated,
        facts=SimpleNamespace(classes=("a", "b", "c"), backbone="efficientnet", fps="4"),
    )


def after(metrics: Any, runs: Any) -> list[str]:
    """The lines after evaluate, without the page that each ends in."""
    return list(map(without_page, after_evaluation(metrics, runs)))


def without_page(line: str) -> str:
    text, _, page = line.rpartition(" (")
    assert page.startswith("docs/guide.md#")
    assert page.endswith(")")
    return text


def said_after_training(*runs: Any) -> list[str]:
    return list(map(without_page, after_training(runs)))


def test_what_was_learned_by_heart_is_told_by_the_epoch_that_was_kept() -> None:
    (line,) = after({}, [run((0.5, 0.5), (0.97, 0.71), (1.0, 0.2), best=2)])
    assert line == (
        "  training 0.97 right, validation 0.71: it knows its own sequences by heart, and needs "
        "more of them; try --normalize running or --dropout 0.5"
    )
    assert after({}, [run((0.75, 0.7))]) == []
    (line,) = after({}, [run((0.9, 0.9)), run((1.0, 0.6))])
    assert line.startswith("  training 0.95 right, validation 0.75")
    assert said_after_training(run((0.9, 0.9)), run((1.0, 0.6))) == [line]


def unfinished(best: int, epochs: int, schedule: Any = "constant", **row: float) -> Any:
    one = run(*[(0.9, 0.5)] * epochs, best=best, epochs=epochs, schedule=schedule)
    one.history[best - 1].update(row)
    return one


def test_what_was_best_at_its_end_had_not_finished_learning() -> None:
    """Then it says nothing that training knows its sequences by heart."""
    begin = "  best in the last of 6 epochs: it had not finished learning; "
    (line,) = after({}, [unfinished(6, 6, val_loss=0.4)])
    assert line == begin + "the same training with --epochs 18 goes on"
    assert said_after_training(unfinished(6, 6, val_loss=0.4)) == [line]
    (line,) = after({}, [unfinished(6, 6, "cosine", val_loss=0.4)])
    assert line == begin + "a new --run with --epochs 18 --schedule cosine"
    for others in (
        [unfinished(5, 6, val_loss=0.4)],
        [unfinished(6, 6)],  # Without a validation split the last epoch is that which is kept.
        [unfinished(6, 6, val_loss=0.4), *[unfinished(2, 6, val_loss=0.4)] * 2],
    ):
        (line,) = after({}, others)
        assert "by heart" in line


def test_what_a_decoder_makes_worse_by_each_figure_is_told() -> None:
    raw = {"accuracy": 0.7606, "edit": 0.592, "f1@10": 0.7, "f1@50": None}
    worse = {"accuracy": 0.7183, "edit": 0.461, "f1@10": 0.604}
    (line,) = after({**raw, "decoded": worse}, [run((0.75, 0.7))])
    assert line == (
        "  decoded answers are worse here than raw ones (accuracy 0.761 -> 0.718, edit 0.592 -> "
        "0.461, f1@10 0.700 -> 0.604), other than where the decoder was chosen; --decode none "
        "leaves it out"
    )
    for decoded in ({**worse, "edit": 0.6}, {**worse, "f1@50": 0.4}, {}, None):
        assert after({**raw, "decoded": decoded}, [run((0.75, 0.7))]) == []


@pytest.mark.parametrize("history", [[], [{"epoch": 1, "accuracy": 0.9}], [{"epoch": 2}]])
def test_without_validation_nothing_is_compared(history: list[dict[str, float]]) -> None:
    one = run()
    one.history = history
    assert after({}, [one]) == []


def shown(steps: int, predicted: int) -> dict[str, int]:
    return {"steps": steps, "predicted": predicted}


def test_classes_that_are_never_predicted_are_named() -> None:
    rows = {"cut": shown(40, 0), "idle": shown(9, 9), "lacking": shown(0, 0)}
    (line,) = after({"per_class": rows}, [])
    assert line == (
        "  never predicted: cut; --class-weights balanced makes rare classes weigh as much as "
        "others"
    )
    (line,) = after({"per_class": rows}, [run(class_weights=("balanced",))])
    assert line.endswith("with --class-weights balanced, too: they need more examples with labels")


@pytest.mark.parametrize(("late", "lines"), [(None, 0), (0.1, 0), (0.31, 1)])
def test_changes_that_are_found_late_are_told(late: float | None, lines: int) -> None:
    found = after({"delay": {"late": late}}, [run()])
    assert len(found) == lines
    if found:
        assert found[0] == (
            "  found late: 31 % of each new segment pass before it is named; try --normalize "
            "running, --chunk-length 16 or --lanes 2"
        )


def test_what_is_in_use_is_not_advised() -> None:
    used = {"normalize": "running", "chunk_length": 8, "lanes": 1, "dropout": 0.6}
    late, heart = {"delay": {"late": 0.9}}, (1.0, 0.5)
    assert [line for line in after(late, [run(heart, **used)]) if "--" in line] == []
    assert after(late, [run(**{**used, "lanes": 4})])[0].endswith("; try --lanes 2")
    assert after(late, [])[0].endswith(" before it is named")


def validated(folder: Path, **options: Any) -> Any:
    """A run of which more was measured on validation."""
    measured = {name: options.pop(name) for name in Validated.__annotations__ if name in options}
    one = run(folder=folder, **options)
    found = Validated(**{"epoch": 3, "score": "accuracy", **measured})
    one.validated_path.write_text(found.to_json())
    return one


def test_a_carry_that_is_no_better_than_a_reset_is_told(tmp_path: Path) -> None:
    one = validated(tmp_path, carried=0.812, reset=0.815)
    assert said_after_training(one) == [
        "  on validation 81.2 % right with the state carried, 81.5 % right with it reset at each "
        "chunk: memory beyond 64 steps is no help; --chunk-length 256 or --gradient full teaches "
        "it, --state reset does without"
    ]
    assert after({}, [one]) == said_after_training(one)
    (line,) = said_after_training(validated(tmp_path, carried=0.5, reset=0.5, gradient="full"))
    assert line.endswith("memory beyond 64 steps is no help; --state reset does without")
    off = {"task": "regression", "score": "mae"}
    (line,) = said_after_training(validated(tmp_path, carried=0.4, reset=0.4, **off))
    assert line.startswith("  on validation mae 0.4 with the state carried, mae 0.4 with")
    for options in ({"carried": 0.812, "reset": 0.8}, {"carried": 0.3, "reset": 0.4, **off}, {}):
        assert said_after_training(validated(tmp_path, **options)) == []


DAMAGED = ["", "[]", "{", '{"epoch": "x", "score": "accuracy"}', '{"epoch": 1, "score": "f1"}']
DAMAGED += [f'{{"epoch": 1, "score": "mae", {more}}}' for more in ('"reset": NaN', '"more": 1')]


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_file_of_what_was_measured_counts_as_none(tmp_path: Path, text: str) -> None:
    one = run(folder=tmp_path)
    one.validated_path.write_text(text)
    assert known_validated(one) is None
    assert said_after_training(one) == []


def test_flicker_on_validation_asks_for_a_decoder_if_none_was_chosen(tmp_path: Path) -> None:
    much = {"segments": 512, "true_segments": 98}
    one = validated(tmp_path, decoder="none", **much)
    assert said_after_training(one) == [
        "  answers flicker: 512 segments where labels have 98; --decoder auto, in the same "
        "command, decodes them"
    ]
    one.decoder_path.touch()
    assert said_after_training(one) == []
    for few in ({"segments": 190, "true_segments": 98}, {"segments": 9, "true_segments": 2}):
        assert said_after_training(validated(tmp_path, decoder="none", **few)) == []


def test_flicker_of_raw_answers_asks_for_the_decoder_that_mends_it(tmp_path: Path) -> None:
    metrics = {"segments": {"true": 98, "predicted": 512}, "decoder": None}
    one = run(folder=tmp_path)
    assert after(metrics, [one]) == []
    begin = "  answers flicker: 512 segments where labels have 98; "
    untrained = replace(one.config, decoder="none")
    undecoded = SimpleNamespace(**{**vars(one), "config": untrained})
    (line,) = after(metrics, [undecoded])
    assert line == begin + "--decoder auto, in the command that trained, decodes them"
    undecoded.splits = SimpleNamespace(validation=())
    (line,) = after(metrics, [undecoded])
    assert line == begin + "--decoder folds, in the command that trained, decodes them"
    made = made_decoder(np.random.default_rng(0), 3)
    one.facts.classes = made.classes
    choices = [replace(choice, chosen=False) for choice in made.choices]
    for decoder, lines in ((made, 1), (replace(made, choices=choices), 0)):
        write_decoder(one.decoder_path, decoder)
        found = after(metrics, [one])
        assert found == [begin + "--decode auto decodes them"][:lines]
    one.decoder_path.write_text("no decoder")
    assert after(metrics, [one]) == []
    assert after({**metrics, "decoder": {"kind": "none"}}, [one]) == []


def with_labels(folder: Path, **counts: list[float]) -> Any:
    one = run(folder=folder)
    table = {"classes": ["idle", "blink"], "step_seconds": 0.25, "stretches": [40, 50]}
    part = {**table, "class_short": [1, 20], "class_short_seconds": [0.1, 2.0], **counts}
    one.labels_path.write_text(json.dumps({"classes": table["classes"], "parts": {"train": part}}))
    return one


def test_events_that_are_shorter_than_steps_are_told_with_the_steps_that_show_them(
    tmp_path: Path,
) -> None:
    one = with_labels(tmp_path)
    begin = "  40 % of the stretches of blink are shorter than a step of 0.25 s (0.1 s on average)"
    assert said_after_training(one) == [f"{begin}, and may be in none; extract --fps 20 shows them"]
    assert after({}, [one]) == said_after_training(one)
    one.facts.backbone = "import-npy"
    (line,) = said_after_training(one)
    assert line.endswith("; import features of 20 steps a second shows them")
    one = with_labels(tmp_path, class_short_seconds=[0.1, 0.4])
    assert "; extract --fps native shows them" in said_after_training(one)[0]
    one.facts.fps = "native"
    assert said_after_training(one) == []


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"parts": {"train": {}}}', '{"parts": []}'])
def test_labels_that_were_not_counted_are_no_matter(tmp_path: Path, text: str) -> None:
    one = run(folder=tmp_path)
    one.labels_path.write_text(text)
    assert said_after_training(one) == []


numbers = st.lists(st.integers() | st.floats() | st.none() | st.text(max_size=3), max_size=3)
columns = ("class_short", "class_short_seconds", "stretches")


@given(st.fixed_dictionaries(dict.fromkeys(columns, numbers)))
@example({"class_short": [0, 3], "class_short_seconds": [0, 1], "stretches": [0, 0]})
@example({"class_short": [0, 3], "class_short_seconds": [0, 1e-320], "stretches": [0, 3]})
def test_whatever_a_damaged_count_of_labels_holds_the_command_ends_as_it_would(
    counts: dict[str, list[Any]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert len(said_after_training(with_labels(Path(folder), **counts))) <= 1


@pytest.mark.parametrize("few", [{"class_short": [1, 2]}, {"stretches": [40, 500]}])
def test_few_short_events_are_no_matter(tmp_path: Path, few: dict[str, list[float]]) -> None:
    assert said_after_training(with_labels(tmp_path, **few)) == []


def with_rows(rows: int, *steps: int, **options: Any) -> Any:
    """A run whose epochs had so many lanes on all devices, for sequences of so many steps."""
    one = run(**options)
    one.progress.lanes = rows
    names = [f"s{number}" for number in range(len(steps))]
    one.splits = SimpleNamespace(train=names)
    known = (Recording(name, "", count) for name, count in zip(names, steps, strict=True))
    one.lineage = Lineage(frozenset(known))
    return one


def test_lanes_are_idle_if_a_sequence_is_longer_than_what_others_have_in_all() -> None:
    begin = (
        "  52 % of the rows of an epoch are idle, since some sequences are longer than what other "
        "lanes have in all; "
    )
    end = ": 5 % idle, 10 updates an epoch instead of 10"
    for devices in ({}, {"lanes": 2}):
        (line,) = said_after_training(with_rows(4, 640, 256, 192, 128, **devices))
        assert line == f"{begin}--lanes {1 if devices else 2}{end}"


@pytest.mark.parametrize(
    "one",
    [
        with_rows(4, 640, 640, 640, 640),
        with_rows(5, 1792, 1664, 1280, 1216, 1024),  # With fewer lanes an epoch has more updates.
        with_rows(4, 640, 256, 192, 0),  # Of an old run.
        with_rows(0, 640, 256, 192, 128),
        with_rows(4, 640, 256, 192, 128, state="reset"),
        with_rows(4, 640, 256, 192, 128, gradient="full"),
    ],
)
def test_where_lanes_are_busy_or_unknown_nothing_is_said(one: Any) -> None:
    assert said_after_training(one) == []


@given(st.lists(st.integers(1, 50), min_size=1, max_size=20), st.integers(1, 8), st.integers(0, 9))
def test_idle_rows_are_those_of_the_plan(chunks: list[int], lanes: int, seed: int) -> None:
    from trainer.plan.epochs import training_plan

    config = TrainConfig(Path("store"), Path("labels"), Path("run"), seed=seed, chunk_length=1)
    lineups = list(training_plan(config, chunks, lanes, 0))
    idle = sum(chunk is None for lineup in lineups for chunk in lineup.chunks)
    found = rows_of(chunks, lanes, seed)
    assert found.updates == len(lineups)
    assert found.idle == pytest.approx(idle / (lanes * len(lineups)))


def all_that_is_amiss(folder: Path) -> Iterator[Any]:
    for _ in range(2):
        one = with_labels(folder)
        measured = Validated(1, "accuracy", 0.5, 0.5, 500, 10)
        one.validated_path.write_text(measured.to_json())
        one.config = replace(one.config, decoder="none")
        one.history = [{"epoch": 1, "accuracy": 1.0, "val_accuracy": 0.5}]
        yield one


def test_only_the_three_most_important_are_said(tmp_path: Path) -> None:
    runs = list(all_that_is_amiss(tmp_path))
    trained = said_after_training(*runs)
    assert [line.split()[0] for line in trained] == ["training", "40", "answers"]
    metrics = {
        "segments": {"true": 10, "predicted": 100},
        "decoder": None,
        "per_class": {"cut": shown(40, 0)},
        "delay": {"late": 0.9},
    }
    evaluated = after(metrics, runs)
    assert [line.split()[0] for line in evaluated] == ["training", "answers", "40"]
    assert len(trained) == len(evaluated) == MOST
