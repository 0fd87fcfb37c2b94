"""Mutants of the code by Cosmic Ray, and a sample of them by lot."""

from __future__ import annotations

import ast
import hashlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Dict, Iterable, Iterator, List, NamedTuple, Optional

from cosmic_ray.commands import init
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec


class Place(NamedTuple):
    """Where something is changed, told without line numbers, so that changes elsewhere leave it as it is.

    Args:
        module: Path of the file in the repository.
        definition: Function or class in which the line stands; "" outside.
        line: The line without its indent.
        column: Of the change in this line.
        number: Counts places that are alike in all this.
    """

    module: str
    definition: str
    line: str
    column: int
    number: int


@dataclass(frozen=True)
class Mutant:
    """One change of the code.

    Args:
        operator: Cosmic Ray's name of the change, without the provider.
        variant: Counts the changes that this operator makes at this place.
        mutated: The line with the change, without its indent.
    """

    place: Place
    operator: str
    variant: int
    mutated: str


def draw(modules: Iterable[str], count: int, seed: int) -> List[Mutant]:
    """A sample: first places in the code are drawn, then one of the mutants of each.

    A lot is the SHA-256 of the seed and of what is drawn. So it does not depend on the rest of the code: after a change
    elsewhere the sample is the same but for what has gone.
    """
    specs = {place: found for module in modules for place, found in _places(module).items()}
    drawn: List[Mutant] = []
    for place in sorted(specs, key=lambda place: _lot(seed, *place)):
        if len(drawn) == count:
            break
        order = sorted(specs[place], key=lambda name: _lot(seed, *place, *name))
        drawn += next(([mutant] for mutant in _mutants(place, specs[place], order)), [])
    return drawn


def locate(mutant: Mutant) -> Optional[MutationSpec]:
    """Where a mutant is in the code as it is now, as Cosmic Ray wants to know it; None if it is there no more."""
    found = _places(mutant.place.module).get(mutant.place, {})
    return found.get((mutant.operator, mutant.variant))


def _lot(seed: int, *words: object) -> bytes:
    return hashlib.sha256("\0".join(map(str, (seed, *words))).encode()).digest()


Specs = Dict[tuple, MutationSpec]  # by operator and variant


@lru_cache(maxsize=None)
def _places(module: str) -> Dict[Place, Specs]:
    """The changes that Cosmic Ray knows of a file."""
    lines = Path(module).read_text(encoding="utf-8").splitlines()
    at: Dict[tuple, List[MutationSpec]] = defaultdict(list)
    with use_db(":memory:", WorkDB.Mode.create) as database:
        init([Path(module)], database, {})
        for item in database.work_items:
            for spec in item.mutations:
                at[tuple(spec.start_pos)].append(spec)
    places, alike = {}, Counter()
    for (row, column), specs in sorted(at.items()):
        line = lines[row - 1].strip()
        column -= len(lines[row - 1]) - len(lines[row - 1].lstrip())
        fields = module, specs[0].definition_name or "", line, column
        places[Place(*fields, alike[fields])] = _by_name(specs)
        alike[fields] += 1
    return places


def _by_name(specs: List[MutationSpec]) -> Specs:
    named, variants = {}, Counter()
    for spec in sorted(specs, key=lambda spec: spec.occurrence):
        operator = spec.operator_name.partition("/")[2]
        named[operator, variants[operator]] = spec
        variants[operator] += 1
    return named


def _mutants(place: Place, specs: Specs, order: List[tuple]) -> Iterator[Mutant]:
    """Those that change what the file does: not those of type annotations, nor those that are no Python."""
    source = Path(place.module).read_text(encoding="utf-8")
    for operator, variant in order:
        spec = specs[operator, variant]
        code = mutate_code(source, get_operator(spec.operator_name)(**spec.operator_args), spec.occurrence)
        if code is not None and _meaning(code) not in (None, _meaning(source)):
            mutated = code.splitlines()[spec.start_pos[0] - 1].strip()
            yield Mutant(place, operator, variant, mutated)


def _meaning(source: str) -> Optional[str]:
    """What two files have in common that do the same, type annotations apart; None where it is no Python."""
    try:
        return ast.dump(_WithoutAnnotations().visit(ast.parse(source)))
    except SyntaxError:
        return None


class _WithoutAnnotations(ast.NodeTransformer):
    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(node.arg)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)
