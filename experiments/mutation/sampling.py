"""Draw a random sample of Cosmic Ray's mutants of our code."""

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
    """A position in the code without its line number, so that edits elsewhere in the file do not change it.

    Args:
        module: Path of the file in the repository.
        definition: The function or class that contains the line; "" at module level.
        line: The line without its indent.
        column: Where the change starts in this line.
        number: Distinguishes places that agree in all other fields: 0, 1, …
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
        operator: Cosmic Ray's name for the kind of change, without the provider.
        variant: Distinguishes the changes of this operator at this place: 0, 1, …
        mutated: The changed line without its indent.
    """

    place: Place
    operator: str
    variant: int
    mutated: str


def draw(modules: Iterable[str], count: int, seed: int) -> List[Mutant]:
    """Draw a sample of mutants: first places in the code, then one mutant at each place.

    Places are ordered by the SHA-256 of the seed and the place, and the first ones form the sample. So a place's chance
    does not depend on the rest of the code: an edit replaces only those mutants whose lines it changes.
    """
    specs = {place: found for module in modules for place, found in _places(module).items()}
    sample: List[Mutant] = []
    for place in sorted(specs, key=lambda place: _hash(seed, *place)):
        if len(sample) == count:
            break
        order = sorted(specs[place], key=lambda name: _hash(seed, *place, *name))
        sample += next(([mutant] for mutant in _mutants(place, specs[place], order)), [])
    return sample


def locate(mutant: Mutant) -> Optional[MutationSpec]:
    """Cosmic Ray's description of a mutant in the present code, or None if the code has no such place any more."""
    found = _places(mutant.place.module).get(mutant.place, {})
    return found.get((mutant.operator, mutant.variant))


def _hash(seed: int, *words: object) -> bytes:
    return hashlib.sha256("\0".join(map(str, (seed, *words))).encode()).digest()


Specs = Dict[tuple, MutationSpec]  # (operator, variant) -> Cosmic Ray's description


@lru_cache(maxsize=None)
def _places(module: str) -> Dict[Place, Specs]:
    """All changes that Cosmic Ray can make in a file, by place."""
    lines = Path(module).read_text(encoding="utf-8").splitlines()
    at: Dict[tuple, List[MutationSpec]] = defaultdict(list)
    with use_db(":memory:", WorkDB.Mode.create) as database:
        init([Path(module)], database, {})
        for item in database.work_items:
            for spec in item.mutations:
                at[tuple(spec.start_pos)].append(spec)
    places, counts = {}, Counter()
    for (row, column), specs in sorted(at.items()):
        line = lines[row - 1].strip()
        column -= len(lines[row - 1]) - len(lines[row - 1].lstrip())
        fields = module, specs[0].definition_name or "", line, column
        places[Place(*fields, counts[fields])] = _by_name(specs)
        counts[fields] += 1
    return places


def _by_name(specs: List[MutationSpec]) -> Specs:
    """The changes at one place by operator and variant."""
    named, variants = {}, Counter()
    for spec in sorted(specs, key=lambda spec: spec.occurrence):
        operator = spec.operator_name.partition("/")[2]
        named[operator, variants[operator]] = spec
        variants[operator] += 1
    return named


def _mutants(place: Place, specs: Specs, order: List[tuple]) -> Iterator[Mutant]:
    """Yield the mutants at a place that are valid Python and do not only change type annotations."""
    source = Path(place.module).read_text(encoding="utf-8")
    for operator, variant in order:
        spec = specs[operator, variant]
        code = mutate_code(source, get_operator(spec.operator_name)(**spec.operator_args), spec.occurrence)
        if code is not None and _syntax_tree(code) not in (None, _syntax_tree(source)):
            mutated = code.splitlines()[spec.start_pos[0] - 1].strip()
            yield Mutant(place, operator, variant, mutated)


def _syntax_tree(source: str) -> Optional[str]:
    """The code's syntax tree without type annotations, as text. None if the code is not valid Python."""
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
