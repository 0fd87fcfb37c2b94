"""Names that experiments import from the packages exist there: also those of modules that no test runs."""

import ast
from importlib import import_module
from importlib.util import find_spec

import pytest

from helpers.source_files import ROOT

OURS = ("jittor_tsit", "data_tools")
FILES = sorted((ROOT / "experiments").rglob("*.py"))


def imports_of(path):
    """(module, name) of each `from module import name` of our packages."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] in OURS:
            yield from ((node.module, alias.name) for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_an_experiment_imports_exists(path):
    for module, name in imports_of(path):
        has_name = hasattr(import_module(module), name)
        assert has_name or find_spec(f"{module}.{name}"), f"{path}: {module} has no {name}"
