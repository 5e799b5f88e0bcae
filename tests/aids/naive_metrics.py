"""All metrics once more, a step at a time, in plain Python: nothing here is shared or fast.

Labels are lists of numbers, None where there is no label.
"""

import math
from collections.abc import Sequence
from typing import Any

from scipy import stats

Labels = Sequence[int | None]
Pairs = Sequence[tuple[Labels, Labels]]


def mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None


def deviation(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return 0.0 if known else None
    middle = math.fsum(known) / len(known)
    return math.sqrt(math.fsum((value - middle) ** 2 for value in known) / (len(known) - 1))


def labelled(pairs: Pairs) -> list[tuple[int, int]]:
    return [
        (t, p)
        for true, said in pairs
        for t, p in zip(true, said, strict=True)
        if t is not None and p is not None
    ]


def accuracy(pairs: Pairs) -> float | None:
    return mean([float(t == p) for t, p in labelled(pairs)])


def of_class(pairs: Pairs, number: int) -> dict[str, float | None]:
    found = sum(t == number and p == number for t, p in labelled(pairs))
    there = sum(t == number for t, _ in labelled(pairs))
    said = sum(p == number for _, p in labelled(pairs))
    if there == 0:
        return dict.fromkeys(("precision", "recall", "f1", "jaccard"))
    precision = found / said if said else 0.0
    recall = found / there
    both = precision + recall
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / both if both else 0.0,
        "jaccard": found / (there + said - found),
    }


def macro(pairs: Pairs, classes: int) -> dict[str, float | None]:
    rows = [of_class(pairs, number) for number in range(classes)]
    return {name: mean([row[name] for row in rows]) for name in rows[0]}


def segments(labels: Labels, ignored: Sequence[int] = ()) -> list[tuple[int, int, int]]:
    found: list[tuple[int, int, int]] = []
    for step, label in enumerate(labels):
        if label is None or label in ignored:
            continue
        if found and found[-1][0] == label and found[-1][2] == step:
            found[-1] = (label, found[-1][1], step + 1)
        else:
            found.append((label, step, step + 1))
    return found


def cut(true: Labels, said: Labels) -> list[int | None]:
    return [None if t is None else p for t, p in zip(true, said, strict=True)]


def distance(one: list[int], other: list[int]) -> int:
    table = [
        [i + j if i == 0 or j == 0 else 0 for j in range(len(other) + 1)]
        for i in range(len(one) + 1)
    ]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            replaced = table[i - 1][j - 1] + (one[i - 1] != other[j - 1])
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, replaced)
    return table[-1][-1]


def edit(true: Labels, said: Labels, ignored: Sequence[int] = ()) -> float | None:
    one = [label for label, _, _ in segments(true, ignored)]
    other = [label for label, _, _ in segments(cut(true, said), ignored)]
    longer = max(len(one), len(other))
    return 1 - distance(one, other) / longer if longer else None


def segment_f1(pairs: Pairs, overlap: float, ignored: Sequence[int] = ()) -> float | None:
    hits = guessed = there = 0
    for true, said in pairs:
        truth, guesses = segments(true, ignored), segments(cut(true, said), ignored)
        used = set()
        for label, start, stop in guesses:
            steps = set(range(start, stop))
            best, best_share = None, 0.0
            for number, (other, first, last) in enumerate(truth):
                others = set(range(first, last))
                share = len(steps & others) / len(steps | others) if other == label else 0.0
                if share > best_share:
                    best, best_share = number, share
            if best is not None and best_share >= overlap and best not in used:
                used.add(best)
        hits, guessed, there = hits + len(used), guessed + len(guesses), there + len(truth)
    return 2 * hits / (guessed + there) if guessed + there else None


def average_precision(hits: Sequence[bool], scores: Sequence[float], ratio: float) -> float | None:
    """Wrong steps count for 1 / ratio; with a ratio of 1 it is plain."""
    precisions = []
    for hit, score in zip(hits, scores, strict=True):
        if hit:
            right = sum(h for h, s in zip(hits, scores, strict=True) if s >= score)
            wrong = sum(not h for h, s in zip(hits, scores, strict=True) if s >= score)
            precisions.append(right / (right + (wrong / ratio if wrong else 0)))
    return mean(precisions)


def interval(values: Sequence[float | None], units: int) -> list[float | None] | None:
    """Returns the limits that hold the truth in 95 of 100 cases, by draws of few units."""
    limit = math.sqrt(units / (units - 1)) * stats.t.ppf(0.975, units - 1)
    edges = [percentile(values, float(stats.norm.cdf(side))) for side in (-limit, limit)]
    return None if edges[0] is None else edges


def ranks(hits: Sequence[bool], scores: Sequence[float]) -> dict[str, float | None]:
    positives = sum(hits)
    if positives in (0, len(hits)):
        return {"ap": None, "cap": None}
    ratio = (len(hits) - positives) / positives
    return {
        "ap": average_precision(hits, scores, 1.0),
        "cap": average_precision(hits, scores, ratio),
    }


def delay(sequences: Sequence[tuple[Labels, Labels, Sequence[float]]]) -> dict[str, Any]:
    changes, found, waited, steps = 0, [], 0, 0
    for true, said, times in sequences:
        for step in range(1, len(true)):
            if true[step] is None or true[step - 1] is None or true[step] == true[step - 1]:
                continue
            changes += 1
            later, end = step, step
            while end < len(true) and true[end] == true[step]:
                end += 1
            steps += end - step
            right = [n for n in range(end - step) if said[step + n] == true[step]]
            waited += min(right, default=end - step)
            while later < end:
                if said[later] == true[step]:
                    found.append(round(1000 * (times[later] - times[step])) / 1000)
                    break
                later += 1
    late = waited / steps if steps else None
    result: dict[str, Any] = {"changes": changes, "noticed": len(found), "late": late}
    for name, share in (("median", 0.5), ("p90", 0.9)):
        within = [d for d in sorted(found) if sum(e <= d for e in found) >= share * len(found)]
        result[name] = within[0] if within else None
    return result


def relaxed_answers(
    true: Labels, said: Labels, times: Sequence[float], seconds: float
) -> list[int | None]:
    """The truth in place of answers that are forgiven."""
    answers = list(said)
    for change in range(1, len(true)):
        old, new = true[change - 1], true[change]
        if old is None or new is None or old == new:
            continue
        step = change
        while step < len(true) and true[step] == new and times[step] < times[change] + seconds:
            answers[step] = new if said[step] == old else answers[step]
            step += 1
        step = change - 1
        while step >= 0 and true[step] == old and times[step] >= times[change] - seconds:
            answers[step] = old if said[step] == new else answers[step]
            step -= 1
    return answers


def relaxed(
    sequences: Sequence[tuple[Labels, Labels, Sequence[float]]], seconds: float, classes: int
) -> dict[str, Any]:
    """Means over sequences, of classes that each shows."""
    accuracies = []
    rows: list[dict[str, list[float | None]]] = [{} for _ in range(classes)]
    for true, said, times in sequences:
        pair = (true, relaxed_answers(true, said, times, seconds))
        accuracies.append(accuracy([pair]))
        for number in range(classes):
            if number in true:
                for name, value in of_class([pair], number).items():
                    rows[number].setdefault(name, []).append(value)
    names = ("precision", "recall", "f1", "jaccard")
    per_class = [{name: mean(row.get(name, [])) for name in names} for row in rows]
    overall = {name: mean([row[name] for row in per_class]) for name in names}
    return {"accuracy": mean(accuracies), **overall, "per_class": per_class}


def numbers(true: Sequence[float], said: Sequence[float]) -> dict[str, float | None]:
    """Of one column."""
    if not true:
        return dict.fromkeys(("mae", "rmse", "r2"))
    middle = math.fsum(true) / len(true)
    squares = math.fsum((t - p) ** 2 for t, p in zip(true, said, strict=True))
    variation = math.fsum((t - middle) ** 2 for t in true)
    return {
        "mae": math.fsum(abs(t - p) for t, p in zip(true, said, strict=True)) / len(true),
        "rmse": math.sqrt(squares / len(true)),
        "r2": 1 - squares / variation if min(true) < max(true) else None,
    }


def percentile(values: Sequence[float | None], share: float) -> float | None:
    """On the straight line between the two nearest in order."""
    known = sorted(value for value in values if value is not None)
    if not known:
        return None
    place = share * (len(known) - 1)
    low = math.floor(place)
    high = min(low + 1, len(known) - 1)
    return known[low] + (place - low) * (known[high] - known[low])


def published(
    sequences: Sequence[tuple[Sequence[int], Sequence[int]]], window: int, phases: int
) -> dict[str, Any]:
    """The published script on phases 1 to 7, windows in steps, all steps labelled."""
    accuracies = []
    rows: list[dict[str, list[float]]] = [
        {"precision": [], "recall": [], "jaccard": []} for _ in range(phases)
    ]
    for true, said in sequences:
        away = [p - t for t, p in zip(true, said, strict=True)]
        for phase, start, stop in segments(true):
            length = min(window, stop - start)
            late = [-1, -2] if phase in (6, 7) else [-1]
            early = [1, 2] if phase in (4, 5, 6, 7) else [1]
            part = away[start:stop]
            part = [0 if i < length and d in late else d for i, d in enumerate(part)]
            tail = part[len(part) - length :]
            for i in range(length):
                if tail[i] in early:
                    part[i] = 0  # the script's place for what stands at the end
            away[start:stop] = part
        accuracies.append(sum(d == 0 for d in away) / len(away))
        for number in range(1, phases + 1):
            there = sum(t == number for t in true)
            named = sum(p == number for p in said)
            union = [i for i in range(len(true)) if number in (true[i], said[i])]
            found = sum(away[i] == 0 for i in union)
            if there == 0:
                continue
            row = rows[number - 1]
            row["jaccard"].append(found / len(union))
            row["recall"].append(min(found / there, 1))
            if named:
                row["precision"].append(min(found / named, 1))
            elif found:
                row["precision"].append(1)  # infinite, and cut
    per_class = [{name: mean(values) for name, values in row.items()} for row in rows]
    overall = {name: mean([row[name] for row in per_class]) for name in per_class[0]}
    return {"accuracy": mean(accuracies), **overall, "per_class": per_class}
