"""A second implementation, in plain Python, must agree on what is drawn at random."""

import tempfile
from pathlib import Path
from typing import Any

import naive_metrics as naive
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prediction_files import FPS, write_predictions

from trainer.evaluation.scoring import Measures, score
from trainer.metrics import RankedScores
from trainer.metrics.segmental import OVERLAPS, edit_score, segment_hits

CLASSES = ("a", "b", "c", "d")
# Scores are told apart by 14 significant bits: multiples of 1 / 4096 are whole in them.
GRID = 4096
NEAR = {"abs": 1e-9}

# Labels that stay for a while, and answers that are often right, as those of videos do.
runs = st.lists(
    st.tuples(st.sampled_from([None, 0, 1, 2, 2, 3]), st.integers(1, 6)), min_size=1, max_size=7
)
sequences_of = st.lists(runs, min_size=1, max_size=4)


def drawn(runs: list[tuple[Any, int]], chance: Any) -> tuple[list[Any], list[list[int]]]:
    """True labels, and scores on the grid."""
    true = [label for label, steps in runs for _ in range(steps)]
    scores = [[chance.randint(0, GRID // 2) for _ in CLASSES] for _ in true]
    for label, row in zip(true, scores, strict=True):
        if label is not None and chance.random() < 0.6:
            row[label] = GRID
    return true, scores


def answers(scores: list[list[int]]) -> list[int]:
    return [row.index(max(row)) for row in scores]


def marked(true: list[Any]) -> list[int]:
    return [-1 if label is None else label for label in true]


def scored(sequences: list[tuple[list[Any], list[list[int]]]]) -> dict[str, Any]:
    arrays = {
        f"s{number}": {"true": marked(true), "probabilities": np.array(scores) / GRID}
        for number, (true, scores) in enumerate(sequences)
    }
    with tempfile.TemporaryDirectory() as folder:
        path = write_predictions(Path(folder) / "p.h5", CLASSES, arrays)
        return score(path, True, Measures(bootstrap=0))


@settings(max_examples=100)
@given(sequences_of, st.randoms(), st.sampled_from([(), ("a",), ("b", "c"), CLASSES]))
def test_classification(runs: list[Any], chance: Any, ignored: tuple[str, ...]) -> None:
    sequences = [drawn(some, chance) for some in runs]
    pairs = [(true, answers(scores)) for true, scores in sequences]
    out = [CLASSES.index(name) for name in ignored]
    scorer = Measures(ignored, relax=0.6).classification(CLASSES, segmental=True)
    for true, said in pairs:
        times = np.arange(len(true)) / FPS
        scorer.add("s", np.array(marked(true), np.int32), np.array(said, np.int32), times)
    metrics = scorer.result()
    assert metrics["steps"] == len(naive.labelled(pairs))
    assert metrics["accuracy"] == pytest.approx(naive.accuracy(pairs), **NEAR)
    for name, value in naive.macro(pairs, len(CLASSES)).items():
        assert metrics[name] == pytest.approx(value, **NEAR), name

    accuracies = [naive.accuracy([pair]) for pair in pairs]
    edits = [naive.edit(*pair, out) for pair in pairs]
    rows = metrics["per_sequence"]
    assert [row["accuracy"] for row in rows] == [pytest.approx(a, **NEAR) for a in accuracies]
    assert [row["edit"] for row in rows] == [pytest.approx(edit, **NEAR) for edit in edits]
    spread = metrics["accuracy_per_sequence"]
    assert spread["mean"] == pytest.approx(naive.mean(accuracies), **NEAR)
    assert spread["sd"] == pytest.approx(naive.deviation(accuracies), **NEAR)
    assert metrics["edit"] == pytest.approx(naive.mean(edits), **NEAR)
    for k in (10, 25, 50):
        expected = naive.segment_f1(pairs, k / 100, out)
        assert metrics[f"f1@{k}"] == pytest.approx(expected, **NEAR)

    timed = [(*pair, [step / FPS for step in range(len(pair[0]))]) for pair in pairs]
    assert metrics["delay"] == pytest.approx(naive.delay(timed), **NEAR)
    expected = naive.relaxed(timed, 0.6, len(CLASSES))
    assert list(metrics["relaxed"]["per_class"].values()) == [
        pytest.approx(row, **NEAR) for row in expected.pop("per_class")
    ]
    for name, value in expected.items():
        assert metrics["relaxed"][name] == pytest.approx(value, **NEAR), name


@settings(max_examples=25)
@given(sequences_of, st.randoms())
def test_ranks(runs: list[Any], chance: Any) -> None:
    sequences = [drawn(some, chance) for some in runs]
    metrics = scored(sequences)
    steps = [
        (label, row)
        for true, scores in sequences
        for label, row in zip(true, scores, strict=True)
        if label is not None
    ]
    rows = []
    for number, name in enumerate(CLASSES):
        hits = [label == number for label, _ in steps]
        rows.append(naive.ranks(hits, [row[number] for _, row in steps]))
        found = {key: metrics["per_class"][name][key] for key in ("ap", "cap")}
        assert found == pytest.approx(rows[-1], **NEAR)
    assert metrics["map"] == pytest.approx(naive.mean([row["ap"] for row in rows]), **NEAR)
    assert metrics["cmap"] == pytest.approx(naive.mean([row["cap"] for row in rows]), **NEAR)


# Neighbouring float32 below 1, and scores so near 0 that they are as close.
near_an_end = st.integers(0, 2**14).flatmap(
    lambda n: st.sampled_from([1 - n * 2.0**-24, n * 2.0**-24, n * 2.0**-60])
)


@given(st.lists(st.tuples(st.booleans(), near_an_end), min_size=1, max_size=60))
def test_ranks_of_scores_near_one_and_near_zero(steps: list[tuple[bool, float]]) -> None:
    hits, scores = [hit for hit, _ in steps], [score for _, score in steps]
    counted = RankedScores()
    counted.add(np.array(hits), np.array(scores, np.float32))
    expected = naive.ranks(hits, scores)
    assert counted.average_precision == pytest.approx(expected["ap"], **NEAR)
    assert counted.calibrated_average_precision == pytest.approx(expected["cap"], **NEAR)


@pytest.mark.parametrize("seed", range(20))
def test_long_sequences_of_many_classes(seed: int) -> None:
    """What hypothesis draws is short; these have hundreds of steps."""
    generator = np.random.default_rng(seed)
    classes = int(generator.integers(1, 9))
    arrays, timed = {}, []
    for number in range(3):
        lengths = generator.integers(1, 30, 12)
        true = np.repeat(generator.integers(-1, classes, 12), lengths)
        steps = len(true)
        said = np.where(generator.random(steps) < 0.7, true, generator.integers(0, classes, steps))
        said = np.maximum(said, 0)
        probabilities = np.eye(classes)[said]
        arrays[f"s{number}"] = {"true": true, "predicted": said, "probabilities": probabilities}
        times = [step / FPS for step in range(steps)]
        timed.append(([None if t < 0 else int(t) for t in true], said.tolist(), times))
    names = [f"class {number}" for number in range(classes)]
    with tempfile.TemporaryDirectory() as folder:
        path = write_predictions(Path(folder) / "p.h5", names, arrays)
        metrics = score(path, True, Measures(("class 0",), relax=2, bootstrap=0))
    pairs = [(true, said) for true, said, _ in timed]
    assert metrics["accuracy"] == pytest.approx(naive.accuracy(pairs), **NEAR)
    edits = [naive.edit(*pair, [0]) for pair in pairs]
    assert metrics["edit"] == pytest.approx(naive.mean(edits), **NEAR)
    assert metrics["f1@25"] == pytest.approx(naive.segment_f1(pairs, 0.25, [0]), **NEAR)
    assert metrics["delay"] == pytest.approx(naive.delay(timed), **NEAR)
    expected = naive.relaxed(timed, 2, classes)
    for name in ("accuracy", "precision", "recall", "f1", "jaccard"):
        assert metrics["relaxed"][name] == pytest.approx(expected[name], **NEAR), name


# Few classes, so that some agree; with numbers that need 31 bits.
class_numbers = st.sampled_from([-1, 0, 1, 255, 256, 70_000, 2**31 - 1])


@given(st.lists(st.tuples(class_numbers, class_numbers), max_size=60))
def test_segments_of_any_number_of_classes(pairs: list[tuple[int, int]]) -> None:
    true, said = (np.array(labels, np.int32) for labels in (*zip(*pairs, strict=True),) or ((), ()))
    marked = [[None if n < 0 else n for n in labels.tolist()] for labels in (true, said)]
    one, other = ([label for label, _, _ in naive.segments(labels)] for labels in marked)
    longer = max(len(one), len(other))
    # To the last bit.
    assert edit_score(true, said) == (1 - naive.distance(one, other) / longer if longer else None)
    cut = np.where(true < 0, -1, said)
    for overlap in OVERLAPS:
        hits, invented, missed = segment_hits(true, cut, overlap)
        counted = 2 * hits / (2 * hits + invented + missed) if hits + invented + missed else None
        assert counted == naive.segment_f1([tuple(marked)], overlap)


def test_segments_without_number_are_scored_in_seconds() -> None:
    true = np.repeat(np.random.default_rng(0).integers(0, 20, 100_000), 2).astype(np.int32)
    said = np.roll(true, 3)
    assert edit_score(true, said) > 0.99
    assert segment_hits(true, said, 0.1)[0] > 5_000
