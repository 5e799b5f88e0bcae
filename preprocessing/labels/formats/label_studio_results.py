"""Results of Label Studio as annotations: stretches in frames of a video, or in seconds of a sound.

A range of a timeline counts frames from 1, and its last one belongs to it. How many there are a
second says only the project's labelling interface, which exports do not hold.
"""

from pathlib import Path
from typing import Any, NamedTuple

from preprocessing.errors import InputError
from preprocessing.labels.formats.base import Annotation, Reading
from preprocessing.labels.formats.gathering import Gathering, Place
from preprocessing.labels.formats.json_values import dict_of, list_of, text_of, time_of
from preprocessing.labels.formats.label_studio_media import Interface
from preprocessing.labels.formats.label_studio_tasks import Answers, Task

LABELS = ("timelinelabels", "labels", "choices")
UNKNOWN_RATE = (
    "frames are counted by the frameRate of the project's <Video> (24 if it has none), which the "
    "file does not hold; seconds are right if --label-fps, or the video's own rate, is the same"
)


class _Framed(NamedTuple):
    """An annotation in frames.

    Attributes:
        annotation: from the first frame, which is 0, to the one after the last.
        fps: of its video; None if that is not known.
        place: names it in messages.
    """

    annotation: Annotation
    fps: float | None
    place: Place


class Results:
    """Collects the answers of tasks.

    Args:
        path: the file, for messages.
        gathering: what takes them.
    """

    def __init__(self, path: Path, gathering: Gathering):
        self._path, self._gathering = path, gathering
        self._framed: list[_Framed] = []
        self._in_seconds: list[tuple[Annotation, Place]] = []
        self._media: dict[str, None] = {}

    def add(self, task: Task) -> None:
        """Takes all answers of a task.

        Args:
            task: the task.

        Raises:
            InputError: a time is no number.
        """
        interface = Interface(task.config)
        self._media[interface.media("", task.data)] = None
        for answers in task.answers:
            for result in answers.results:
                self._add(task, interface, answers, result)

    def reading(self) -> Reading:
        """Returns all that was taken, in seconds if frame rates are known, else in frames.

        Raises:
            InputError: there are frames without a rate, and seconds as well.
        """
        rates = {framed.fps for framed in self._framed}
        in_frames = None in rates
        if in_frames and self._in_seconds:
            raise InputError(
                f"{self._path} {self._in_seconds[0][1]()}: labels in seconds, and others in frames "
                "without a frame rate; expected one of the two: export them from two projects"
            )
        for annotation, fps, place in self._framed:
            rate = 1.0 if in_frames or fps is None else fps
            times = annotation.start / rate, (annotation.end or 0.0) / rate
            self._gathering.add(annotation._replace(start=times[0], end=times[1]), place)
        for annotation, place in self._in_seconds:
            self._gathering.add(annotation, place)
        remarks = self._gathering.remarks() + [UNKNOWN_RATE] * in_frames
        media = tuple(name for name in self._media if name)
        fps = next(iter(rates)) if len(rates) == 1 else None
        taken = self._gathering.annotations
        return Reading(taken, "frames" if in_frames else "seconds", fps, media, remarks)

    def _add(
        self, task: Task, interface: Interface, answers: Answers, result: dict[str, Any]
    ) -> None:
        """Takes one result, if it is about stretches of time."""
        value = dict_of(result.get("value"))
        labels = [text_of(label) for key in LABELS for label in list_of(value.get(key))]
        ranges = [dict_of(one) for one in list_of(value.get("ranges"))]
        sound = not ranges and value.get("start") is not None and value.get("end") is not None
        if not labels or not (ranges or sound):
            self._gathering.leave_out("result", "with no label of a stretch of time", task.place)
            return
        name = text_of(result.get("to_name"))
        media = interface.media(name, task.data)
        self._media[media] = None
        tier = text_of(result.get("from_name"))
        confidence = self._confidence(answers, result, task.place)
        for one in ranges or [value]:
            start = time_of(one.get("start"), self._path, task.place)
            end = time_of(one.get("end"), self._path, task.place)
            for label in labels:
                annotation = Annotation(
                    media, start, end, label, "", tier, answers.rater, (), confidence
                )
                if sound:
                    self._in_seconds.append((annotation, task.place))
                    continue
                annotation = annotation._replace(start=start - 1)
                fps = interface.fps(name, task.data)
                self._framed.append(_Framed(annotation, fps, task.place))

    def _confidence(self, answers: Answers, result: dict[str, Any], place: Place) -> float | None:
        """Returns how sure a model is of a result; None of a person's."""
        if answers.confidence is None:
            return None
        score = result.get("score")
        own = answers.confidence if score is None else time_of(score, self._path, place)
        return min(max(own, 0.0), 1.0)
