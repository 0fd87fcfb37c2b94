"""Overrides on the command line: texts `field=value` that replace fields of an experiment."""

import dataclasses
import math
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, get_type_hints

from data_tools.basics.errors import InputError
from data_tools.basics.invocation import typed
from data_tools.basics.similar_names import nearest
from jittor_tsit.config import Experiment, Phase

PHASES = "phases."  # followed by a number from 1 and a field: "phases.2.batch_size"
PARTS = ("config", "data", "run")  # fields of Experiment; the names inside them differ, so overrides need no prefix


def override(experiment: Experiment, assignments: List[str]) -> Experiment:
    """Return a copy of the experiment with some fields replaced.

    Args:
        assignments: Texts `field=value`, such as "weights.vgg=20".

    Raises:
        InputError: There is no such field, or a value has another type.
    """
    changed: Dict[str, Dict[str, Any]] = {part: {} for part in PARTS}
    phases = list(experiment.phases)
    for text in assignments:
        path, equals, value = text.partition("=")
        if not equals:
            raise InputError(f"{text}: not an option; overrides have the form field=value, such as total_nimg=1000")
        if path.startswith(PHASES):
            _override_phase(phases, path, value)
            continue
        part, path = find_field(experiment, path)
        changed[part][path] = _parse(path, value, fields_of(getattr(experiment, part))[path])
    parts = {part: _replace(getattr(experiment, part), values) for part, values in changed.items()}
    return dataclasses.replace(experiment, phases=tuple(phases), **parts)


def override_fields(config: Any, assignments: Sequence[str]) -> Any:
    """Return a copy of one config with some fields replaced.

    Args:
        assignments: Texts `field=value`; the fields must exist.

    Raises:
        InputError: A value has another type.
    """
    kinds, texts = fields_of(config), dict(text.split("=", 1) for text in assignments)
    return _replace(config, {path: _parse(path, value, kinds[path]) for path, value in texts.items()})


def _override_phase(phases: List[Phase], path: str, value: str) -> None:
    """Replace one of the `phases` in the list by a copy in which one field or loss weight has the new value.

    Args:
        path: Such as "phases.2.batch_size" or "phases.2.weights.vgg". Phases are counted from 1.
        value: The new value as text.

    Raises:
        InputError: There is no such phase or field, or the value has another type.
    """
    number, _, name = path[len(PHASES) :].partition(".")
    if number not in map(str, range(1, len(phases) + 1)):
        raise InputError(f"{path}: this experiment has {len(phases)} phases, counted from 1")
    phase, fields = phases[int(number) - 1], fields_of(Phase(nimg=1))
    outer, dot, term = name.partition(".")
    if dot and outer == "weights":
        changes: Dict[str, Any] = {"weights": {**phase.weights, term: _parse(path, value, float)}}
    elif name in fields and name != "weights":
        changes = {name: _parse(path, value, fields[name])}
        other = {"epochs": "nimg", "nimg": "epochs"}.get(name)  # a phase has only one of the two
        changes.update({other: 0} if other else {})
    else:
        raise InputError(f"{path}: no such field of a phase; the fields are {', '.join(sorted(fields))} (weights.TERM)")
    phases[int(number) - 1] = dataclasses.replace(phase, **changes)


def find_field(experiment: Experiment, path: str) -> Tuple[str, str]:
    """Return which part of the experiment, one of PARTS, has a field, and the field's dotted name in it.

    Args:
        path: Such as "weights.vgg", or with the part in front: "config.weights.vgg".

    Raises:
        InputError: No part has such a field. The message proposes the most similar ones.
    """
    first, _, rest = path.partition(".")
    for part in PARTS:
        fields = fields_of(getattr(experiment, part))
        if path in fields:
            return part, path
        if first == part and rest in fields:
            return part, rest
    names = [name for part in PARTS for name in fields_of(getattr(experiment, part))]
    guesses = ", ".join(nearest(rest if first in PARTS else path, names))
    similar = f"; similar options are {guesses}" if guesses else ""
    raise InputError(f"{path}: no such field{similar}; `{typed('options')}` lists all")


def fields_of(config: Any) -> Dict[str, type]:
    """Return name -> type of every field. Fields of nested configs have dotted names."""
    fields: Dict[str, type] = {}
    for name, kind in get_type_hints(type(config)).items():
        value = getattr(config, name)
        if dataclasses.is_dataclass(value):
            fields.update({f"{name}.{inner}": inner_kind for inner, inner_kind in fields_of(value).items()})
        else:
            fields[name] = kind
    return fields


def _replace(config: Any, values: Dict[str, Any]) -> Any:
    """Return a copy of a dataclass with other values in some fields.

    Args:
        values: Field name -> value. The fields of nested dataclasses have dotted names.
    """
    changes: Dict[str, Any] = {}
    nested: Dict[str, Dict[str, Any]] = {}
    for path, value in values.items():
        outer, dot, inner = path.partition(".")
        if dot:
            nested.setdefault(outer, {})[inner] = value
        else:
            changes[path] = value
    changes.update({name: _replace(getattr(config, name), inner) for name, inner in nested.items()})
    return dataclasses.replace(config, **changes)


def _parse(path: str, text: str, kind: type) -> Any:
    try:
        return _PARSERS[kind](text)
    except (ValueError, KeyError):
        raise InputError(f"{path}={text}: not {KIND_NAMES[kind]}") from None


def _parse_finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _parse_pair(text: str) -> Tuple[float, float]:
    first, second = text.strip("()").split(",")
    return _parse_finite(first), _parse_finite(second)


def _parse_whole_pair(text: str) -> Tuple[int, int]:
    first, second = text.strip("()").split(",")
    return int(first), int(second)


def _parse_names(text: str) -> Tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",")) if text else ()
    if not all(names):
        raise ValueError
    return names


def _parse_two_names(text: str) -> Tuple[str, str]:
    first, second = _parse_names(text)
    return first, second


_TRUTH = {"true": True, "false": False, "1": True, "0": False}
_PARSERS: Dict[Any, Callable[[str], Any]] = {
    int: lambda text: int(text.replace("_", "")),
    float: _parse_finite,
    bool: lambda text: _TRUTH[text.lower()],
    Optional[bool]: lambda text: {**_TRUTH, "auto": None}[text.lower()],
    str: str,
    Tuple[float, float]: _parse_pair,
    Tuple[int, int]: _parse_whole_pair,
    Tuple[str, str]: _parse_two_names,
    Tuple[str, ...]: _parse_names,
}
KIND_NAMES: Dict[Any, str] = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    Optional[bool]: "true, false or auto",
    str: "a text",
    Tuple[float, float]: "two numbers, such as 0,0.9",
    Tuple[int, int]: "two whole numbers, such as 3,1",
    Tuple[str, str]: "two names, such as trainA,trainB",
    Tuple[str, ...]: "names separated by commas",
}
