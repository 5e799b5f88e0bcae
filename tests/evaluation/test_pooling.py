"""Answers of several folds in one file."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from prediction_files import write_predictions

from preprocessing.errors import InputError
from trainer.evaluation.pooling import pool_answers
from trainer.evaluation.scoring import score
from trainer.predictions.reader import open_answers

CLASSES = ["a", "b"]


def sequence(steps: int, seed: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    return {
        "timestamps": np.arange(steps) / 4,
        "probabilities": generator.dirichlet([1, 1], steps).astype("float32"),
        "true": generator.integers(-1, 2, steps).astype("int32"),
    }


def test_the_pool_is_as_if_all_had_been_answered_at_once(tmp_path: Path) -> None:
    ids = ["x", "x/y", "day/true", "z"]
    sequences = {name: sequence(20, number) for number, name in enumerate(ids)}
    groups = {"x": "x", "x/y": "x/y", "day/true": "day/true~", "z": "z"}
    stored = {groups[name]: arrays for name, arrays in sequences.items()}
    whole = write_predictions(tmp_path / "whole.h5", CLASSES, stored)
    parts = {}
    for fold, names in {"1": ids[::2], "2": ids[1::2]}.items():
        chosen = {groups[name]: sequences[name] for name in names}
        parts[fold] = write_predictions(tmp_path / f"{fold}.h5", CLASSES, chosen)
    pool_answers(parts, tmp_path / "pool.h5", "digest")
    with open_answers(tmp_path / "pool.h5") as answers:
        assert answers.ids == sorted(ids)
        assert answers.weights == "digest"
        for name in ids:
            np.testing.assert_array_equal(answers.whole(name, "true"), sequences[name]["true"])
    assert score(tmp_path / "pool.h5", True) == score(whole, True)


def test_a_sequence_of_two_folds_is_refused(tmp_path: Path) -> None:
    one = write_predictions(tmp_path / "one.h5", CLASSES, {"x": sequence(5, 0)})
    with pytest.raises(InputError, match="'x' was tested in the folds 1 and 2; expected it in one"):
        pool_answers({"1": one, "2": one}, tmp_path / "pool.h5", "")
    assert not (tmp_path / "pool.h5").exists()


def test_folds_of_other_classes_are_refused(tmp_path: Path) -> None:
    one = write_predictions(tmp_path / "one.h5", CLASSES, {"x": sequence(5, 0)})
    other = write_predictions(tmp_path / "other.h5", ["a", "c"], {"y": sequence(5, 0)})
    with pytest.raises(InputError, match="answers with other classes than the other folds"):
        pool_answers({"1": one, "2": other}, tmp_path / "pool.h5", "")


def test_packed_answers_stay_packed(tmp_path: Path) -> None:
    path = write_predictions(tmp_path / "one.h5", CLASSES, {"x": sequence(50, 0)})
    with h5py.File(path, "a") as file:
        true = file["x/true"][()]
        del file["x/true"]
        file.create_dataset("x/true", data=true, chunks=(16,), compression="gzip")
    pool_answers({"1": path}, tmp_path / "pool.h5", "")
    with h5py.File(tmp_path / "pool.h5") as file:
        assert file["x/true"].compression == "gzip"
        np.testing.assert_array_equal(file["x/true"], true)
