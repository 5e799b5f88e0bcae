"""Pictures and tables of runs and their figures, also where names come from strangers."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_evaluations import write_evaluation, write_run
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.legend import Legend

from preprocessing.errors import InputError
from preprocessing.labels.class_colours import class_colours, rgb
from trainer.evaluation.evaluated import Evaluated
from trainer.trained.run import TrainedRun, load_run

# Bold in HTML, broken mathematics, a second line, a name that matplotlib would leave out.
STRANGE = ("<b>x</b>", "$\\frac$", "two\nlines", "_walk")


def share(answers: list[int], size: int = 4) -> np.ndarray:
    return np.eye(size)[answers] * 0.8 + 0.2 / size


@pytest.fixture
def run(tmp_path: Path) -> TrainedRun:
    """A run of strange classes; ``bad`` has half of its answers wrong, ``good`` none."""
    run = write_run(tmp_path / "run", STRANGE)
    true = [0, 0, 1, 1, 2, 2, 3, 3]
    wrong = [0, 0, 1, 1, 3, 3, 2, 2]
    answers = {
        "good": {"probabilities": share(true), "true": true, "decoded": true},
        "bad": {"probabilities": share(wrong), "true": true, "decoded": wrong},
    }
    write_evaluation(run, answers)
    return run


def texts(figure: Any) -> list[str]:
    from matplotlib.text import Text

    return [text.get_text() for text in figure.findobj(Text) if text.get_text().strip()]


def bands(axes: Any) -> np.ndarray:
    """The colours of a panel in the middle of each ribbon."""
    (image,) = axes.images
    return np.asarray(image.get_array())[6::15]


def test_ribbons_show_truth_above_answers_the_worst_sequence_first(run: TrainedRun) -> None:
    figure = run.plot("ribbons")
    first, second = figure.axes
    assert [axes.get_title(loc="left") for axes in (first, second)] == [
        "bad   50.0 % right, decoded 50.0 % right",
        "good   100.0 % right, decoded 100.0 % right",
    ]
    assert [label.get_text() for label in first.get_yticklabels()] == [
        "truth",
        "prediction",
        "decoded",
    ]
    colours = [[*rgb(colour)] for colour in class_colours(STRANGE)]
    true, predicted, decoded = bands(first)
    assert true.tolist() == [colours[n] for n in (0, 0, 1, 1, 2, 2, 3, 3)]
    assert predicted.tolist() == decoded.tolist() == [colours[n] for n in (0, 0, 1, 1, 3, 3, 2, 2)]


def test_all_at_once_is_curves_ribbons_and_confusions_and_strange_names_do_no_harm(
    run: TrainedRun,
) -> None:
    figure = run.plot()
    loss, accuracy, _, _, confusion, _ = figure.axes
    assert list(loss.lines[0].get_ydata()) == [2.0, 1.0, 2 / 3]
    assert len(accuracy.lines) == 2
    shares = np.asarray(confusion.images[0].get_array())
    np.testing.assert_allclose(shares[2:, 2:], [[0.5, 0.5], [0.5, 0.5]])
    names = ["<b>x</b>", "$\\frac$", "two?lines", "_walk"]
    assert [label.get_text() for label in confusion.get_xticklabels()] == names
    assert [label.get_text() for label in confusion.get_yticklabels()] == names
    assert set(names) < set(texts(figure.subfigs[1]))  # In the legend of the ribbons.
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_a_run_that_is_not_evaluated_has_curves_and_says_what_makes_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = write_run(tmp_path / "run", STRANGE)
    assert len(run.plot().axes) == 2
    assert f"after longtake evaluate {run.path} there are ribbons" in capsys.readouterr().err
    with pytest.raises(InputError, match="is not evaluated, which ribbons need"):
        run.plot("ribbons")
    with pytest.raises(InputError, match="has no evaluation of the split validation"):
        run.plot("ribbons", split="validation")
    with pytest.raises(InputError, match=r"plot\('pie'\): expected one of curves, ribbons"):
        run.plot("pie")
    with pytest.raises(InputError, match="expected one of test, validation, train, all"):
        run.plot(split="../elsewhere")
    run.history_path.unlink()
    with pytest.raises(InputError, match="has no learning curves"):
        run.plot("curves")


@pytest.mark.slow
def test_several_classes_a_step_have_a_ribbon_each(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", STRANGE[:3], "multilabel")
    true = [[1, 0, 0], [1, 1, 0], [-1, -1, -1], [0, 1, 0]]
    answers = {"s": {"probabilities": [[1, 0, 0]] * 4, "true": true}}
    write_evaluation(run, answers)
    (axes,) = run.plot("ribbons").axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["<b>x</b>", "$\\frac$"]
    picture = np.asarray(axes.images[0].get_array())
    white, grey = [255, 255, 255], [0xD0, 0xD3, 0xD8]
    above, below = picture[2].tolist(), picture[8].tolist()
    assert (above[2], above[3], white in below) == (grey, white, False)
    assert above[0] == above[1] == below[0]
    with pytest.raises(InputError, match="a multilabel has no confusions"):
        run.plot("confusion")
    assert run.plot()._repr_png_()


@pytest.mark.slow
def test_numbers_have_curves_of_truth_and_answer(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", ("<b>x</b>", "$y$"), "regression")
    true, said = np.arange(12.0).reshape(6, 2), np.ones((6, 2))
    write_evaluation(run, {"s": {"true": true, "predicted": said}})
    first, second = run.plot("ribbons").axes
    for number, axes in enumerate((first, second)):
        drawn = [line.get_ydata() for line in axes.lines]
        np.testing.assert_array_equal(drawn, [true[:, number], said[:, number]])
    assert run.plot()._repr_png_()


@pytest.mark.slow
def test_of_many_sequences_the_worst_are_drawn_and_of_many_classes_the_most_mistaken(
    tmp_path: Path,
) -> None:
    size = 40
    run = write_run(tmp_path / "run", [f"class {n}" for n in range(size)])
    true = list(range(size))
    answers = {
        f"s{n:02d}": {"true": true, "probabilities": share([*true[:n], *[0] * (size - n)], size)}
        for n in range(12)
    }
    write_evaluation(run, answers)
    figure = run.plot("ribbons")
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert [title.split()[0] for title in titles] == [f"s{n:02d}" for n in range(8)]
    told = "answers, test: worst first, 4 more in report.html; colours of 16 more classes there"
    assert told in texts(figure)
    matrix = run.plot("confusion").axes[0]
    assert len(matrix.get_yticklabels()) == 30


def test_classes_that_begin_alike_have_a_colour_each_in_the_legend(tmp_path: Path) -> None:
    classes = ("needle through tissue, left", "needle through tissue, right")
    run = write_run(tmp_path / "run", classes)
    write_evaluation(run, {"s": {"true": [0, 1], "probabilities": share([0, 1], 2)}})
    named = [text for text in texts(run.plot("ribbons")) if text.startswith("needle")]
    assert named == ["needle t...e, left", "needle t..., right"]


@pytest.mark.parametrize("count", [5, 7, 11, 13])
def test_the_legend_is_read_along_its_rows_in_the_order_of_classes(
    tmp_path: Path, count: int
) -> None:
    names = [f"class {n:02d}" for n in range(count)]
    run = write_run(tmp_path / "run", names)
    true = list(range(count))
    write_evaluation(run, {"s": {"true": true, "probabilities": share(true, count)}})
    figure = run.plot("ribbons")
    FigureCanvasAgg(figure).draw()
    (legend,) = figure.findobj(Legend)
    places = {
        text.get_text(): text.get_window_extent().get_points()[0] for text in legend.get_texts()
    }
    named = [name for name in places if name in names]
    assert sorted(named, key=lambda name: (-places[name][1].round(), places[name][0])) == names


@pytest.mark.parametrize(("columns", "shown"), [(3, 2), (9, 1)])
def test_of_numbers_whole_sequences_are_drawn_and_the_others_counted(
    columns: int, shown: int, tmp_path: Path
) -> None:
    names = [f"c{n}" for n in range(columns)]
    run = write_run(tmp_path / "run", names, "regression")
    true = np.zeros((4, columns))
    write_evaluation(run, {f"s{n}": {"true": true, "predicted": true + n} for n in range(6)})
    figure = run.plot("ribbons")
    assert len(figure.axes) == shown * min(columns, 8)
    assert f"answers, test: worst first, {6 - shown} more in report.html" in texts(figure)
    title = figure.axes[0].get_title(loc="left")
    assert title == ("s5   c0" if columns < 9 else "s5   c0, 8 of 9 columns")


def test_figures_show_headlines_decoded_beside_raw_and_the_weakest_classes(run: TrainedRun) -> None:
    figures = run.metrics()
    assert figures == json.loads((run.evaluation_path("test") / "metrics.json").read_text())
    lines = repr(figures).splitlines()
    assert lines[0] == "test: 2 sequences, 16 labelled steps"
    assert "  accuracy   0.7500" in lines
    assert any("two?lines" in line for line in lines)
    page = figures._repr_html_()
    assert page is not None
    assert "decoded by Viterbi" in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert "<b>" not in page


def test_figures_that_somebody_changed_are_shown_as_a_dictionary() -> None:
    figures = Evaluated(accuracy=1.0)
    assert repr(figures) == "{'accuracy': 1.0}"
    assert figures._repr_html_() is None


def test_a_run_shows_what_it_is_and_what_it_is_worth(run: TrainedRun) -> None:
    page = run._repr_html_()
    assert "<b>" not in page
    for cell in ("4: &lt;b&gt;x&lt;/b&gt;, $\\frac$", "2 of test, 4 steps a second", "0.7500"):
        assert cell in page
    assert isinstance(load_run(str(run.path)), TrainedRun)


@pytest.mark.parametrize("content", ["{", "[]", '{"task": "guess"}', '{"task": "regression"}'])
def test_figures_that_cannot_be_read_are_refused_and_the_run_still_shows_itself(
    content: str, run: TrainedRun
) -> None:
    (run.evaluation_path("test") / "metrics.json").write_text(content)
    with pytest.raises(InputError, match=r"metrics"):
        run.metrics()
    assert "metrics" in run._repr_html_()
    run.facts_path.write_text("{}")
    assert "cannot be read" in run._repr_html_()


def test_a_split_that_was_not_evaluated_is_named_with_the_command(run: TrainedRun) -> None:
    with pytest.raises(InputError, match=r"longtake evaluate .*run --split validation"):
        run.metrics("validation")
    with pytest.raises(InputError, match="expected one of test, validation, train, all"):
        run.metrics("../../..")


def test_a_picture_is_written_in_any_format(run: TrainedRun) -> None:
    out = io.BytesIO()
    run.plot("curves").savefig(out, format="svg")
    assert b"<svg" in out.getvalue()


def test_a_run_is_shown_without_tensorflow_and_matplotlib(run: TrainedRun) -> None:
    code = (
        "import sys, longtake; run = longtake.load_run(sys.argv[1]); run._repr_html_(); "
        "assert repr(run.metrics()).startswith('test: '); "
        "assert not {'tensorflow', 'keras', 'matplotlib'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, run.path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
