"""A stream that decodes decides as evaluation does, however it is cut up."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_stores import write_sequence
from run_decoders import Majority, MajorityFollowing, majority, use_majority, write_made_decoder

from preprocessing.errors import InputError
from preprocessing.labels.writing import write_intervals
from preprocessing.store.feature_store import FeatureStore
from trainer.config import TrainConfig
from trainer.decoded import decoding as used
from trainer.decoded.decoding import Decoding, asked_decoding
from trainer.evaluation.command import EvaluateConfig, evaluate
from trainer.run.checkpoint import Checkpoint
from trainer.run.folder import Run
from trainer.streaming.deciding import DecidingFollower
from trainer.streaming.follower import Answer, Follower
from trainer.training.command import train

LATE = 2
CHANCE = np.random.default_rng(4)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A hardly trained run whose answers come two steps late."""
    root = tmp_path_factory.mktemp("deciding")
    for number, steps in enumerate((17, 23)):
        write_sequence(root / "store", f"s{number}", CHANCE.normal(size=(steps, 3)))
    rows = [(f"s{n}", t, t + 1, "ab"[(t + n) % 2]) for n in range(2) for t in range(4)]
    write_intervals(root / "labels.csv", rows)
    (root / "splits.json").write_text(json.dumps({"train": ["s0"], "test": ["s1"]}))
    return train(
        TrainConfig(
            root / "store", root / "labels.csv", root / "run", splits=root / "splits.json",
            units=4, chunk_length=8, epochs=1, horizon=-LATE, tensorboard=False,
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("real", "lag"),
    [
        pytest.param(True, 0.0, marks=pytest.mark.slow),
        (True, 0.75),
        pytest.param(False, 0.0, marks=pytest.mark.slow),
        pytest.param(False, 0.75, marks=pytest.mark.slow),
    ],
)
def test_a_stream_decides_each_step_as_evaluate_does_with_its_lag(
    run: Run, lag: float, real: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if real:
        write_made_decoder(run)
    else:
        use_majority(monkeypatch, run.path)
    evaluate(EvaluateConfig(run.path, lag=lag, bootstrap=0))
    with h5py.File(run.evaluation_path("test") / "predictions.h5") as file:
        expected, raw = file["s1/decoded"][()], file["s1/probabilities"][()]
    store = FeatureStore(run.config.store)
    steps = store.features("s1", 0, store.info("s1").steps)

    def following() -> DecidingFollower:
        return DecidingFollower(Follower(run), asked_decoding(run, "auto", lag)[0])

    follower, answers = following(), []
    waits = LATE + round(4 * lag)
    assert follower.late == waits
    for number, step in enumerate(steps):
        answers += follower.answers(step)
        assert len(answers) == follower.answered == max(0, number + 1 - waits)
        if number in (1, 9):  # Stopped and started again, with all that waits.
            saved = Checkpoint(run.path, dict(follower.arrays()))
            follower = following()
            follower.restore(saved)
            assert (follower.steps, follower.answered) == (number + 1, len(answers))
    answers += follower.finish()
    assert [answer.step for answer in answers] == list(range(len(steps)))
    np.testing.assert_allclose([answer.outputs for answer in answers], raw, atol=1e-6)
    np.testing.assert_array_equal([answer.decoded for answer in answers], expected)


class Told:
    """Answers that are known, some at once, in the place of a model's."""

    def __init__(self, rows: np.ndarray):
        self.rows, self.steps = rows, 0

    @property
    def answered(self) -> int:
        return self.steps

    def answers(self, features: int) -> list[Answer]:
        self.steps += features
        return [Answer(n, self.rows[n]) for n in range(self.steps - features, self.steps)]

    def finish(self) -> list[Answer]:
        return []


@given(st.lists(st.integers(0, 4), max_size=8), st.integers(0, 5), st.data())
def test_what_goes_on_after_an_end_is_decided_as_if_there_had_been_none(
    pieces: list[int], lag_steps: int, data: st.DataObject
) -> None:
    rows = np.random.default_rng(len(pieces)).dirichlet([1, 1, 1], sum(pieces)).astype("float32")
    ends = data.draw(st.sets(st.sampled_from(range(len(pieces))))) if pieces else set()
    decoding = Decoding(Majority(rate=1.0), float(lag_steps))  # type: ignore[arg-type]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(used, "Following", MajorityFollowing)
        follower = DecidingFollower(Told(rows), decoding)  # type: ignore[arg-type]
        found: list[Answer] = []
        for number, piece in enumerate(pieces):
            found += follower.answers(piece)  # type: ignore[arg-type]
            if number in ends:
                found += follower.finish()
                assert len(found) == follower.answered == follower.steps
        found += follower.finish()
    assert [answer.step for answer in found] == list(range(len(rows)))
    whole = majority(rows, lag_steps, several=False) if len(rows) else np.zeros(0, int)
    waited = [n for n in range(len(rows)) if _was_waited_for(n, pieces, ends, lag_steps)]
    for number in waited:
        assert found[number].decoded == whole[number]


def _was_waited_for(step: int, pieces: list[int], ends: set[int], lag_steps: int) -> bool:
    """Returns True if no end came between a step and the end of its lag."""
    stops = [sum(pieces[: end + 1]) for end in ends]
    last = min(step + lag_steps, sum(pieces) - 1)
    return not any(step < stop <= last for stop in stops)


@pytest.mark.slow
def test_a_state_of_another_lag_or_decoder_is_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_majority(monkeypatch, run.path)

    def following(lag: float, decode: str = "auto") -> DecidingFollower:
        return DecidingFollower(Follower(run), asked_decoding(run, decode, lag)[0])  # type: ignore[arg-type]

    saved = {
        "lag": Checkpoint(Path("state"), dict(following(0.5).arrays())),
        "raw": Checkpoint(Path("state"), dict(following(0.0, "none").arrays())),
    }
    expected = "state was written with another --decode or --lag, or another decoder; give those"
    for name, lag, decode in (("lag", 1.0, "auto"), ("lag", 0.0, "none"), ("raw", 0.5, "auto")):
        with pytest.raises(InputError, match=expected):
            following(lag, decode).restore(saved[name])
    arrays = {**saved["lag"].arrays, "decided/waiting": np.zeros((1, 2), "float32")}
    with pytest.raises(InputError, match=expected):
        following(0.5).restore(Checkpoint(Path("state"), arrays))
    following(0.5).restore(saved["lag"])
    following(0.0, "none").restore(saved["raw"])
