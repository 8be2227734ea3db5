"""The lessons, handouts and plans in another language: what of them is prose, and the same with that prose translated.

English is the text itself; French stands in ``course/locale/fr/LC_MESSAGES/course.po``. Markdown is
translated block by block, code string by string: only strings that are prose are replaced, where
they stand, so that the program stays the same. A verdict is the word that the language has for it.
"""

from __future__ import annotations

import ast
import copy
import dataclasses
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recount import po
from recount.language import CATALOGUE, LANGUAGES, say, speaking
from recount.project import Project
from recount.verdicts import VERDICTS

if TYPE_CHECKING:
    from nbformat import NotebookNode

_MARK = re.compile(r"\s*### (BEGIN|END) ")
_COMMAND = re.compile(r"(?:^|\s)--[a-z]")
_SPOKEN = re.compile(r'\bStudy\(language="(\w+)"')


def catalogue(language: str) -> Path:
    """Where the words of the course stand in a language; for English, the text itself, there is none."""
    return Project.here().checkout / "course" / "locale" / language / CATALOGUE.relative_to("fr") / "course.po"


def said(text: str, language: str) -> str:
    """A message of the course in a language, or as it stands."""
    return po.read(catalogue(language)).gettext(text) if language != "en" else text


# --- markdown ----------------------------------------------------------------------------------


def blocks(text: str) -> list[str]:
    r"""The messages of a piece of Markdown: what stands between empty lines, without rules, marks and formulas that have no words.

    >>> blocks("# A title\n\n$$E = m$$\n\n### BEGIN SOLUTION\nOne line\nand another\n### END SOLUTION\n\n---")
    ['# A title', 'One line\nand another']
    """
    return [block for block, prose in _pieces(text) if prose]


def markdown(text: str, told: Callable[[str], str]) -> str:
    """A piece of Markdown with its messages as *told* has them."""
    return "\n".join(told(block) if prose else block for block, prose in _pieces(text))


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """Every block, and every line between blocks, with whether it is prose."""
    block: list[str] = []
    for line in [*text.split("\n"), None]:
        if line is not None and line.strip() and not _MARK.match(line):
            block.append(line)
            continue
        if block:
            yield "\n".join(block), _is_prose("\n".join(block))
            block = []
        if line is not None:
            yield line, False


def _is_prose(block: str) -> bool:
    return r"\text{" in block if block.startswith("$$") and block.endswith("$$") else any(letter.isalpha() for letter in block)


# --- code --------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Piece:
    """A string or a comment of a program that is prose: where it stands, what it says, what opens and closes it, and whether it is taken as written."""

    start: int
    end: int
    message: str
    before: str
    after: str
    as_written: bool = False

    def written(self, text: str) -> str:
        """The piece with another text, such that Python reads just that text."""
        if self.as_written:
            return f"{self.before}{text}{self.after}"
        literal = f"{self.before}{text}{self.after}"
        return literal if "\\" not in text and _reads(literal) == text else repr(text)


def pieces(source: str, words: tuple[str, ...] = ()) -> list[Piece]:
    """The strings and comments of a program that are prose, in their order.

    Prose is what an assertion says, what is printed in words, and every string of several words but
    quantities, names and commands; *words* are those that are prose although they stand alone. Of a string
    with fields the message is what stands between its quotes.

    >>> [piece.message for piece in pieces('assert x == "not said", f"no {x.y}"  # an answer is asked for')]
    ['not said', 'no {x.y}', '# an answer is asked for']
    >>> pieces('y = Study("polish-grid", tokens="4e12 token").row("default", "pue")')
    []
    """
    tree, starts = ast.parse(source), _line_starts(source)
    found = []
    for node in _prose(tree, words):
        start, end = (_offset(source, starts, *place) for place in ((node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)))
        opening = re.match(r"[fF]?('''|\"\"\"|'|\")", source[start:end])
        quote, formatted = opening[1], isinstance(node, ast.JoinedStr)
        found.append(Piece(start, end, source[start + opening.end() : end - len(quote)] if formatted else node.value, opening[0], quote, formatted))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and not _MARK.match(token.string) and " " in token.string[2:]:
            start = starts[token.start[0] - 1] + token.start[1]
            found.append(Piece(start, start + len(token.string), token.string, "", "", True))
    return sorted(found, key=lambda piece: piece.start)


def code(source: str, told: Callable[[str], str], words: tuple[str, ...] = ()) -> str:
    """A program with its prose as *told* has it; all else stays as it is."""
    for piece in reversed(pieces(source, words)):
        source = source[: piece.start] + piece.written(told(piece.message)) + source[piece.end :]
    return source


def same_program(source: str, other: str, words: tuple[str, ...] = ()) -> bool:
    """Whether another program is this one but for its prose.

    >>> same_program('assert x == 1, f"no {x}"', 'assert x == 1, f"point de {x}"'), same_program('assert x, "no"', 'assert y, "non"')
    (True, False)
    """
    tree = ast.parse(source)
    return _same(tree, ast.parse(other), {id(node) for node in _prose(tree, words)})


def _same(one: Any, other: Any, prose: set[int]) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(_same(a, b, prose) for a, b in zip(one, other, strict=True))
    if not isinstance(one, ast.AST):
        return one == other
    if id(one) in prose:
        fields = [[ast.dump(part) for part in getattr(node, "values", ()) if isinstance(part, ast.FormattedValue)] for node in (one, other)]
        return fields[0] == fields[1]
    return all(_same(getattr(one, name, None), getattr(other, name, None), prose) for name in one._fields)


def _prose(tree: ast.AST, words: tuple[str, ...]) -> Iterator[Any]:
    """The strings of a program that are prose."""
    spoken = {id(node) for node in _spoken(tree)}
    fields = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node) if part is not node}
    for node in ast.walk(tree):
        text = isinstance(node, ast.JoinedStr) or isinstance(node, ast.Constant) and isinstance(node.value, str)
        if text and id(node) not in fields and _says(node, id(node) in spoken, words):
            yield node


def _spoken(tree: ast.AST) -> Iterator[ast.AST]:
    """What an assertion says and what is printed, without what stands in calls within."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert) and node.msg:
            yield from _within(node.msg)
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print":
            yield from (part for argument in node.args for part in _within(argument))


def _within(node: ast.AST) -> Iterator[ast.AST]:
    if not isinstance(node, ast.Call):
        yield node
        for child in ast.iter_child_nodes(node):
            yield from _within(child)


def _says(node: Any, spoken: bool, words: tuple[str, ...]) -> bool:
    """Whether a string is prose."""
    if isinstance(node, ast.JoinedStr):
        text = "".join(part.value for part in node.values if isinstance(part, ast.Constant))
        return spoken and any(letter.isalpha() for letter in text) or ": " in text
    text = node.value
    if text in VERDICTS or text in words or spoken and any(letter.isalpha() for letter in text):
        return True
    if _COMMAND.search(text) and '"' not in text:
        return False
    parts = [word for part in text.split() if (word := part.strip(".,;:'\"()")).isalpha()]
    return len(parts) > 1 and any(len(word) > 2 and word.islower() for word in parts)


def _line_starts(source: str) -> list[int]:
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def _offset(source: str, starts: list[int], line: int, column: int) -> int:
    """Python counts a line's bytes, we its letters."""
    text = source[starts[line - 1] : starts[line]]
    return starts[line - 1] + len(text.encode()[:column].decode())


def _reads(literal: str) -> str | None:
    try:
        return ast.literal_eval(literal)
    except SyntaxError:
        return None


# --- notebooks and papers ----------------------------------------------------------------------


def words(cell: Any) -> tuple[str, ...]:
    """The strings of one word that are prose in a cell: what a lesson calls things, for its students to write."""
    return tuple(cell.metadata.get("words", ()))


def messages(cell: Any) -> list[str]:
    """What a cell of a lesson says, but for verdicts, whose words the language has."""
    found = blocks(cell.source) if cell.cell_type == "markdown" else [piece.message for piece in pieces(cell.source, words(cell))]
    return [message for message in found if message not in VERDICTS]


def notebook(source: NotebookNode, language: str) -> NotebookNode:
    """A lesson in another language: its prose translated, and tables and figures told to speak that language."""
    if language == "en":
        return source
    found = copy.deepcopy(source)
    with speaking(language):
        told = lambda message: say(message) if message in VERDICTS else said(message, language)  # noqa: E731
        for cell in found.cells:
            known = words(cell)
            cell.source = markdown(cell.source, told) if cell.cell_type == "markdown" else code(_SPOKEN.sub(f'Study(language="{language}"', cell.source), told, known)
            if known:
                cell.metadata["words"] = [told(word) for word in known]
    return found


def language_of(lesson: NotebookNode) -> str:
    """The language that a lesson speaks."""
    named = (match[1] for cell in lesson.cells if cell.cell_type == "code" for match in _SPOKEN.finditer(cell.source))
    return next((one for one in named if one in LANGUAGES), "en")


def paper(text: str, language: str) -> str:
    """A handout or a plan in another language."""
    return markdown(text, lambda message: said(message, language))
