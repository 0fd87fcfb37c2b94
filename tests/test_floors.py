"""Imports point down only, and what stands on the lowest floor loads without Jittor."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = (  # lowest first; a module may import from its own floor or below
    ("data_tools", "jittor_tsit.bootstrap", "jittor_tsit.kernel_headers", "jittor_tsit.config",
     "jittor_tsit.cuda_home", "jittor_tsit.cuda_parts",
     "jittor_tsit.label_maps", "jittor_tsit.samples", "jittor_tsit.reading", "jittor_tsit.convert",
     "jittor_tsit.official_keys", "jittor_tsit.labelled", "jittor_tsit.sets", "jittor_tsit.imagenet",
     "jittor_tsit.command_line", "jittor_tsit.convert_segformer", "jittor_tsit.pickled_arrays",
     "jittor_tsit.torch_pickle", "jittor_tsit.weight_files", "jittor_tsit.ticker", "jittor_tsit.experiment_files",
     "jittor_tsit.submit", "jittor_tsit.overrides", "jittor_tsit.plan", "jittor_tsit.launch",
     "jittor_tsit.official_files", "jittor_tsit.official_layouts", "jittor_tsit.official_options",
     "jittor_tsit.official_untold", "jittor_tsit.torch_file", "jittor_tsit.direct_compiler", "jittor_tsit.checked",
     "jittor_tsit.pair_cache", "jittor_tsit.cached"),
    ("jittor_tsit.kernels",),
    ("jittor_tsit.layers", "jittor_tsit.parallel"),
    ("jittor_tsit.networks", "jittor_tsit.losses", "jittor_tsit.optim", "jittor_tsit.noise",
     "jittor_tsit.image_pool"),
    ("jittor_tsit.data", "jittor_tsit.metrics", "jittor_tsit.skipped"),
    ("jittor_tsit.systems",),
    ("jittor_tsit.training",),
    ("jittor_tsit.start", "jittor_tsit.train", "jittor_tsit.evaluate", "jittor_tsit.judges", "jittor_tsit.score",
     "jittor_tsit.score_page", "jittor_tsit.jury", "jittor_tsit.models", "jittor_tsit.originals",
     "jittor_tsit.translate", "jittor_tsit.relabel", "jittor_tsit.classify", "jittor_tsit.screen",
     "jittor_tsit.screened", "jittor_tsit.show_plan", "jittor_tsit.average", "jittor_tsit.generate",
     "jittor_tsit.doctor", "jittor_tsit.convert_command", "jittor_tsit.export_command", "jittor_tsit.kernel_check",
     "jittor_tsit.__main__"),
)  # fmt: skip


def floor_of(module):
    """Index of the floor a module stands on; None for what is not ours."""
    for index, floor in enumerate(FLOORS):
        if any(module == name or module.startswith(f"{name}.") for name in floor):
            return index
    return None


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


@pytest.mark.parametrize("module, path", list(modules()), ids=lambda value: value if isinstance(value, str) else "")
def test_imports_point_down(module, path):
    if module == "jittor_tsit":  # the package itself only calls bootstrap
        assert floor_of_imports(path) == {0}
        return
    own = floor_of(module)
    assert own is not None, f"{module} stands on no floor: add it to FLOORS"
    for imported in imports_of(path):
        if own == 0:
            assert imported.split(".")[0] != "jittor", f"{module} imports {imported}"
        if module.startswith("data_tools"):
            assert not imported.startswith("jittor"), f"{module} imports {imported}"
        if floor_of(imported) is not None:
            assert floor_of(imported) <= own, f"{module} imports {imported} from above"


def floor_of_imports(path):
    return {floor_of(name) for name in imports_of(path)} - {None}


def test_no_system_imports_another():
    shared = {"base", "one_by_one", "pairs", "requirements", "synthesis"}  # what systems are made of
    for module, path in modules():
        if module.startswith("jittor_tsit.systems."):
            others = {name for name in imports_of(path) if name.startswith("jittor_tsit.systems.")}
            assert {name.split(".")[2] for name in others} <= shared, module


def test_the_lowest_floor_loads_without_jittor():
    lowest = [name for name in FLOORS[0] if name != "data_tools"]
    code = f"import sys, {', '.join(lowest)}, data_tools.cli; sys.exit('jittor' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_no_file_is_longer_than_300_lines():
    for module, path in modules():
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, module
