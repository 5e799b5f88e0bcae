"""A run that was made, with what one asks of it from Python."""

from os import PathLike
from pathlib import Path
from typing import Any

from trainer.decoded.options import Decode
from trainer.evaluation.evaluated import Evaluated, read_evaluated
from trainer.run.folder import Run
from trainer.run.folder import load_run as open_run
from trainer.trained.prediction import Prediction, Predictions


class TrainedRun(Run):
    """A run that answers, draws and shows itself.

    Args:
        path: the folder.
    """

    def predict(
        self,
        what: Any,
        *,
        timestamps: Any = None,
        decode: Decode = "auto",
        lag: float | None = None,
        backbone: str | None = None,
        model: str | None = None,
        store: PathLike[str] | str | None = None,
    ) -> Prediction | Predictions:
        """Answers arrays of features, a store, or videos, as the command ``predict`` does.

        The answers to the same sequences are the same, bit for bit (asked about fewer of them, the
        last digits may differ). They are kept in memory, features are not.

        Args:
            what: features ``<float>[N, F]``, or several such arrays in a list or by name; a
                ``FeatureStore``, or one sequence of it; or the path of a store, of a video or of a
                folder of videos, or a list of such paths.
            timestamps: of an array: the second of each step, ``<float64>[N]``; of several the same
                list or names. By default steps come as often as in training, from 0 on.
            decode: what is made of raw answers: ``auto``, what training has found best on
                validation; ``viterbi``, by the decoder of the run in any case; ``none``.
            lag: decode as a stream would that waits so many seconds before it decides; by default
                a decoder sees whole sequences.
            backbone: for videos: what made the features of the run, where that is a file.
            model: ``FILE.py:function`` with the model's own layers, if it has any; it is executed.
            store: for videos: a folder that keeps their features, and what it has already is not
                made again; by default they are removed afterwards.

        Returns:
            The answers to one array or one video; of all else those to each sequence by its name,
            in a list by their numbers (``"0"``, ``"1"``, ...).

        Raises:
            InputError: that cannot go through the model; or no video can be read. Of several
                videos those that cannot be read are noted, and named in ``failed``.
        """
        from trainer.trained.answering import answer

        return answer(
            self,
            what,
            timestamps=timestamps,
            decode=decode,
            lag=lag,
            backbone=backbone,
            model=model,
            store=store,
        )

    def metrics(self, split: str = "test") -> Evaluated:
        """Returns the figures of an evaluation that was made, the content of its metrics.json.

        Args:
            split: ``train``, ``validation``, ``test`` or ``all``.

        Raises:
            InputError: there are none.
        """
        return read_evaluated(self, split)

    def plot(self, kind: str | None = None, split: str | None = None) -> Any:
        """Draws learning curves, ribbons of an evaluated split, and its confusions.

        Args:
            kind: ``curves``, ``ribbons`` (of the sequences with the worst answers, truth above
                prediction; of a regression curves) or ``confusion``; None for all that there is.
            split: the evaluated split; by default test, or the first that was evaluated.

        Returns:
            A ``matplotlib.figure.Figure``, which notebooks show and ``savefig`` writes.

        Raises:
            InputError: the run lacks what is to be drawn.
        """
        from trainer.trained.figure import draw

        return draw(self, kind, split)

    def _repr_html_(self) -> str:
        """Returns tables for a notebook: what it is, and the figures of each evaluation."""
        from trainer.trained.shown_run import run_html

        return run_html(self)


def load_run(path: PathLike[str] | str) -> TrainedRun:
    """Opens a run that exists.

    Args:
        path: the folder.

    Raises:
        InputError: the folder holds no run, or several.
    """
    return TrainedRun(open_run(Path(path)).path)
