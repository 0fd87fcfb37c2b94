"""The source files of both packages, and what they import."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]


def modules():
    for package in ("data_tools", "jittor_tsit"):
        for path in sorted((ROOT / package).rglob("*.py")):
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts).replace(".__init__", ""), path


def imports_of(path):
    """Modules imported anywhere in a file, lazily or not."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
