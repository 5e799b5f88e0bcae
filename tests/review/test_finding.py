"""What is found in answers that a test makes, beside labels that it makes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from made_stores import FPS, write_sequence
from prediction_files import write_predictions

from preprocessing.errors import InputError
from preprocessing.labels.base import LabelOptions
from preprocessing.labels.reading import read_labels
from preprocessing.labels.writing import write_intervals
from preprocessing.store.feature_store import FeatureStore
from trainer.predictions.reader import open_answers
from trainer.review.contradictions import contradictions
from trainer.review.course import Course, read_course
from trainer.review.unsure import unsure_stretches
from trainer.review.unsureness import disagreement, flicker, margins, unsureness

CLASSES = ("run", "sit", "walk")
RUN, SIT, WALK = np.eye(3) * 0.9 + 0.05 * (1 - np.eye(3))


@contextmanager
def course_of(
    folder: Path,
    probabilities: Sequence[np.ndarray],
    labels: Sequence[tuple[float, float, str]] = (),
    horizon: int = 0,
    answered: int | None = None,
) -> Iterator[Course]:
    """The answers to ``s``, 4 steps a second."""
    write_sequence(folder / "store", "s", np.zeros((len(probabilities), 1)))
    shown = np.stack(probabilities[:answered])
    arrays = {"probabilities": shown, "true": [-1] * len(shown)}
    path = write_predictions(folder / "p.h5", CLASSES, {"s": arrays}, horizon=horizon)
    store = FeatureStore(folder / "store")
    known = None
    if labels:
        write_intervals(folder / "labels.csv", [("s", *row) for row in labels])
        known = read_labels(LabelOptions(folder / "labels.csv"), store)
        known.use_classes(CLASSES)
    with open_answers(path) as answers:
        yield read_course(answers, store.info("s"), known)


def test_a_segment_of_another_class_is_found_with_the_class_that_it_seems_to_be(
    tmp_path: Path,
) -> None:
    said = [WALK] * 16 + [RUN] * 16 + [WALK] * 8
    with course_of(tmp_path, said, [(0, 4, "walk"), (4, 8, "sit"), (8, 10, "walk")]) as course:
        (found,) = contradictions(course, 4.0)
    assert found[:4] == ("s", 4.0, 8.0, "contradicted")
    assert (found.label, found.answer) == ("sit", "run")
    assert found.score == pytest.approx(0.95)


def test_edges_that_differ_by_a_moment_contradict_nothing(tmp_path: Path) -> None:
    said = [WALK] * 19 + [RUN] * 21  # The label changes three steps earlier.
    with course_of(tmp_path, said, [(0, 4, "walk"), (4, 10, "run")]) as course:
        assert not list(contradictions(course, 30.0))


def test_a_long_segment_is_cut_so_that_what_is_wrong_in_it_is_found(tmp_path: Path) -> None:
    said = [WALK] * 80 + [RUN] * 20 + [WALK] * 20
    with course_of(tmp_path, said, [(0, 30, "walk")]) as course:
        (found,) = contradictions(course, 5.0)
    assert (found.start, found.end, found.answer) == (20.0, 25.0, "run")


def test_an_answer_contradicts_the_label_of_the_step_that_it_is_about(tmp_path: Path) -> None:
    said = [WALK] * 8 + [RUN] * 16  # Two steps ahead.
    labels = [(0, 2.5, "walk"), (2.5, 6, "run")]
    with course_of(tmp_path, said, labels, horizon=2) as course:
        assert (len(course.said), course.edges[0]) == (22, 0.5)
        assert not list(contradictions(course, 30.0))


def test_answers_to_other_steps_than_the_store_has_are_refused(tmp_path: Path) -> None:
    refused = pytest.raises(InputError, match="answers 5 steps of 's', and the store has 8")
    with refused, course_of(tmp_path, [WALK] * 8, answered=5):
        pass


def test_unsure_is_who_has_two_classes_in_mind(tmp_path: Path) -> None:
    torn = np.array([0.5, 0.0, 0.5])
    with course_of(tmp_path, [WALK] * 40 + [torn] * 40 + [WALK] * 80) as course:
        assert margins(course)[[0, 50]] == pytest.approx([0.85, 0.0])
        found = list(unsure_stretches(course, unsureness(course, 1.0), 10.0))
    best = max(found, key=lambda one: one.score)
    assert (best.start, best.end, best.label) == (10.0, 20.0, "")
    assert best.score == pytest.approx(1.0)


def test_flicker_is_what_changes_more_often_than_labels_do(tmp_path: Path) -> None:
    said = [WALK] * 80 + [WALK, RUN] * 40 + [WALK] * 80
    with course_of(tmp_path, said) as course:
        found = flicker(course, 0.2)  # Labels change twice in ten seconds.
    assert found[[0, 120, 239]] == pytest.approx([0.0, 1 - 2 / 40, 0.0], abs=0.01)


def test_a_change_by_itself_is_no_flicker(tmp_path: Path) -> None:
    with course_of(tmp_path, [WALK] * 40 + [RUN] * 40) as course:
        assert not flicker(course, 0.0).any()


def test_members_that_name_another_class_disagree(tmp_path: Path) -> None:
    with course_of(tmp_path, [WALK] * 8) as course:
        paths = [
            write_predictions(
                tmp_path / f"{number}.h5",
                CLASSES,
                {"s": {"probabilities": [WALK] * 4 + [shown] * 4, "true": [-1] * 8}},
            )
            for number, shown in enumerate((RUN, WALK))
        ]
        with open_answers(paths[0]) as one, open_answers(paths[1]) as other:
            assert disagreement(course, [one, other]).tolist() == [0.0] * 4 + [0.5] * 4


def test_time_with_labels_is_never_asked_about_as_unlabelled(tmp_path: Path) -> None:
    with course_of(tmp_path, [WALK] * 80, [(5, 10, "walk")]) as course:
        found = list(unsure_stretches(course, unsureness(course, 1.0), 4.0))
    assert {one.end <= 5.0 or one.start >= 10.0 for one in found} == {True}
    assert max(one.end for one in found) == 80 / FPS


def test_a_sequence_shorter_than_a_stretch_is_one(tmp_path: Path) -> None:
    with course_of(tmp_path, [WALK] * 8) as course:
        (found,) = unsure_stretches(course, unsureness(course, 1.0), 20.0)
    assert (found.start, found.end, found.answer) == (0.0, 2.0, "walk")


@pytest.mark.parametrize(("longest", "most"), [(float("inf"), 2.0), (1e-12, 1 / FPS)])
def test_no_stretch_is_longer_than_its_sequence_or_shorter_than_a_step(
    longest: float, most: float, tmp_path: Path
) -> None:
    with course_of(tmp_path / "unlabelled", [WALK] * 8) as course:
        unsure = list(unsure_stretches(course, unsureness(course, 1.0), longest))
    with course_of(tmp_path / "labelled", [WALK] * 8, [(0, 2, "run")]) as course:
        doubted = list(contradictions(course, longest))
    for found in (unsure, doubted):
        assert [one.seconds for one in found] == [most] * round(2.0 / most)
