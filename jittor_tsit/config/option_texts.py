"""The comments of options, read from the source of their dataclasses: the only place where they are written."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import io
import textwrap
import tokenize
from typing import Any, Dict, Iterator, List, NamedTuple, Tuple, get_type_hints

from jittor_tsit.config.overrides import KIND_NAMES


class Option(NamedTuple):
    """One option of an experiment."""

    name: str  # dotted, as on the command line
    value: str  # as on the command line
    kind: str  # what its values are, such as "a whole number"
    comment: str  # empty if the source has none


def options_of(config: Any, prefix: str = "") -> Iterator[Tuple[str, List[Option]]]:
    """Yield the options of a config in groups: (prefix of the group, options). Nested configs follow their own group.

    Args:
        prefix: In front of the names, such as "optim."; empty at the top.
    """
    kinds, comments = get_type_hints(type(config)), comments_of(type(config))
    own, nested = [], []
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if dataclasses.is_dataclass(value):
            nested.append((value, f"{prefix}{field.name}."))
            continue
        kind = KIND_NAMES[kinds[field.name]]
        own.append(Option(f"{prefix}{field.name}", as_typed(value), kind, comments.get(field.name, "")))
    yield prefix, own
    for value, inner in nested:
        yield from options_of(value, inner)


def as_typed(value: Any) -> str:
    """Return the value of an option as it is typed on the command line."""
    if value is None:
        return "auto"
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(as_typed, value)) if isinstance(value, tuple) else str(value)


def comments_of(kind: type) -> Dict[str, str]:
    """Return field -> comment on its line, for a dataclass and the classes that it inherits from."""
    comments: Dict[str, str] = {}
    for each in reversed(kind.__mro__):
        if dataclasses.is_dataclass(each):
            comments.update(_own_comments(each))
    return comments


def _own_comments(kind: type) -> Dict[str, str]:
    try:
        source = textwrap.dedent(inspect.getsource(kind))
    except (OSError, TypeError):  # a class of a file that is not there any more, or of none
        return {}
    by_line: Dict[int, str] = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            by_line[token.start[0]] = token.string.lstrip("# ")
    body = ast.parse(source).body[0]
    assert isinstance(body, ast.ClassDef)
    comments = {}
    for node in body.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
            comments[node.target.id] = " ".join(by_line[line] for line in lines if line in by_line)
    return comments
