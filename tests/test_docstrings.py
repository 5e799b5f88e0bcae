import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from preprocessing import errors

ROOT = Path(__file__).parent.parent
QUESTION = re.compile(r"(Of|Whether|What|How|Where|When|Which|Who|Whose|Why|As|For|From|If)\b")
VERB = re.compile(r"[A-Z][a-z]+s\b")
# Nouns that look like verbs.
PLURALS = {
    *("Bits", "Bytes", "Columns", "Curves", "Files", "Frames", "Indices", "Labels"),
    *("Lines", "Means", "Options", "Rows", "Seconds", "Sequences", "Steps", "Targets"),
    *("Threads", "Values", "Weights"),
}
INPUT_ERRORS = {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.InputError)
}


class Function(NamedTuple):
    """A function or method with a docstring; public if all that it lies in is."""

    name: str
    text: str
    node: ast.FunctionDef
    public: bool

    @property
    def is_attribute(self) -> bool:
        return any("property" in ast.unparse(it) for it in self.node.decorator_list)

    @property
    def parameters(self) -> list[str]:
        given = self.node.args
        named = [it.arg for it in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
        return [name for name in named if name not in ("self", "cls")]

    @property
    def raised(self) -> set[str]:
        """The names of exceptions that its own statements make and raise."""
        found, left = set(), [*self.node.body]
        while left:
            node: ast.AST = left.pop()
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                found.add(ast.unparse(node.exc.func))
            elif not isinstance(node, ast.FunctionDef):
                left += ast.iter_child_nodes(node)
        return found


def trees() -> Iterator[tuple[str, ast.Module]]:
    for package in ("longtake", "preprocessing", "trainer"):
        for path in sorted((ROOT / package).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text())


def inside(node: ast.AST, where: str, public: bool = True) -> Iterator[Function]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.ClassDef):
            yield from inside(child, where, public)
            continue
        name, seen = f"{where} {child.name}", public and not child.name.startswith("_")
        text = ast.get_docstring(child)
        if text and isinstance(child, ast.FunctionDef):
            yield Function(name, text, child, seen)
        yield from inside(child, name, seen and isinstance(child, ast.ClassDef))


def functions() -> list[Function]:
    return [found for name, tree in trees() for found in inside(tree, name)]


def test_a_docstring_is_no_question_without_its_sentence() -> None:
    wrong = []
    for name, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                text = ast.get_docstring(node) or ""
                wrong += [f"{name}: {text}"] if QUESTION.match(text) else []
    assert not wrong


def test_that_of_a_function_begins_with_a_verb() -> None:
    first = {it.name: it.text.split()[0] for it in functions() if not it.is_attribute}
    assert not {name: word for name, word in first.items() if not VERB.match(word)}
    assert not {name: word for name, word in first.items() if word in PLURALS}


def test_a_public_function_of_several_arguments_tells_of_them() -> None:
    several = [it for it in functions() if it.public and len(it.parameters) > 1]
    assert not [it.name for it in several if "Args:\n" not in it.text]


def test_a_public_function_tells_which_bad_input_it_refuses() -> None:
    refusing = [it for it in functions() if it.public and it.raised & INPUT_ERRORS]
    assert not [it.name for it in refusing if "Raises:\n" not in it.text]
