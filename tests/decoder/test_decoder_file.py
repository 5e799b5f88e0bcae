import json
from pathlib import Path

import numpy as np
import pytest
from made_decoders import made_decoder, made_length_decoder

from preprocessing.errors import InputError
from trainer.decoder.decoder_file import read_decoder, write_decoder

MADE = {"viterbi": made_decoder, "lengths": made_length_decoder}


@pytest.mark.parametrize("kind", MADE)
def test_a_decoder_is_read_as_it_was_written(kind: str, tmp_path: Path) -> None:
    decoder = MADE[kind](np.random.default_rng(0), 3)
    write_decoder(tmp_path / "decoder.json", decoder)
    read = read_decoder(tmp_path / "decoder.json", decoder.classes)
    assert read is not None
    assert (read.kind, read.classes, read.rate) == (kind, decoder.classes, decoder.rate)
    assert list(read.choices) == list(decoder.choices)
    if decoder.counts is not None:
        for name, values in vars(decoder.counts).items():
            assert np.array_equal(getattr(read.counts, name), values)


def test_the_weights_of_the_nearest_lag_are_taken() -> None:
    decoder = made_decoder(np.random.default_rng(0), 2)
    assert [decoder.choice(lag).lag for lag in (None, 0.0, 0.9, 1.5, 60.0)] == [None, 0, 0, 2, 2]
    assert [decoder.lag_steps(lag) for lag in (None, 0.0, 2.0)] == [None, 0, 3]
    assert decoder.facts(2.0)["kind"] == "viterbi"
    assert set(decoder.facts(None)["weights"]) == {"emission", "prior", "durations"}


def test_a_run_without_one_has_none(tmp_path: Path) -> None:
    assert read_decoder(tmp_path / "decoder.json", ["a"]) is None


DAMAGE = {
    "schema": 2,
    "classes": ["c0", "c1"],
    "rate": 0,
    "counts": {"seconds": [1, 2, 3]},
    "choices": [],
    "chosen_by": "many",
}
DEEPER = {
    ("counts", "follows"): [[0, 1], [1, 0]],
    ("counts", "seconds"): [1, float("nan"), 1],
    ("counts", "mean"): [0, 1, 1],
    ("counts", "stretches"): [1.5, 1, 1],
    ("counts", "variation"): "abc",
    ("choices", 0, "lag"): -1,
    ("choices", 0, "chosen"): "yes",
    ("choices", 0, "raw"): {"<script>": 1},
    ("choices", 0, "decoded"): {"edit": 2},
    ("choices", 1, "decoded"): [],
    ("choices", 1, "weights"): None,
    ("choices", 0, "weights", "emission"): 1e9,
    ("choices", 0, "weights", "durations"): 1,
}


@pytest.mark.parametrize("place", [*((name,) for name in DAMAGE), *DEEPER], ids=str)
def test_what_is_no_decoder_is_refused_in_one_line(place: tuple, tmp_path: Path) -> None:
    path = tmp_path / "decoder.json"
    decoder = made_decoder(np.random.default_rng(0), 3)
    write_decoder(path, decoder)
    loaded = part = json.loads(path.read_text())
    for name in place[:-1]:
        part = part[name]
    part[place[-1]] = DAMAGE[place[0]] if len(place) == 1 else DEEPER[place]
    path.write_text(json.dumps(loaded))
    with pytest.raises(InputError, match="is no decoder of this model") as caught:
        read_decoder(path, decoder.classes)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "null", '{"schema": 1}', "3"])
def test_other_json_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "decoder.json"
    path.write_text(text)
    with pytest.raises(InputError, match="decoder"):
        read_decoder(path, ["a"])


def test_lengths_that_would_hold_answers_back_for_days_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "decoder.json"
    decoder = made_length_decoder(np.random.default_rng(0), 2)
    write_decoder(path, decoder)
    loaded = json.loads(path.read_text())
    loaded["choices"][0]["weights"]["present"][0] = 1e6
    path.write_text(json.dumps(loaded))
    with pytest.raises(InputError, match="present is 1000000"):
        read_decoder(path, decoder.classes)
