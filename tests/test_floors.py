"""Imports point down only, and what stands on the lowest floors loads without Jittor."""

import ast
import subprocess
import sys

import pytest

from helpers.source_files import ROOT, imports_of, modules

FLOORS = (  # lowest first; a module imports from its own floor or from below
    ("data_tools",),
    ("jittor_tsit.runtime",),
    ("jittor_tsit.config", "jittor_tsit.conversion"),
    ("jittor_tsit.kernels",),
    ("jittor_tsit.layers", "jittor_tsit.optim"),
    ("jittor_tsit.networks", "jittor_tsit.data", "jittor_tsit.losses"),
    ("jittor_tsit.systems", "jittor_tsit.metrics"),
    ("jittor_tsit.runs",),
    ("jittor_tsit.evaluation",),
    ("jittor_tsit.inference", "jittor_tsit.training"),
    ("jittor_tsit.commands",),
    ("jittor_tsit.__main__",),
)
WITHOUT_JITTOR = ("jittor_tsit.config", "jittor_tsit.conversion", "data_tools")
# What jittor_tsit uses of data_tools: files and sets, the renderer of the sample set, and the frame of pages.
SHARED = ("data_tools.basics", "data_tools.sets", "data_tools.pages", "data_tools.rendering")
LOWER_TOOLS = (
    "data_tools.basics",
    "data_tools.sets",
    "data_tools.pages",
)  # in this order below everything else of data_tools


def floor_of(module, floors):
    """Index of the floor that a module stands on; None if it stands on none."""
    for index, floor in enumerate(floors):
        if any(module == name or module.startswith(f"{name}.") for name in floor):
            return index
    return None


def is_in(module, packages):
    return any(module == name or module.startswith(f"{name}.") for name in packages)


@pytest.mark.parametrize("module, path", list(modules()), ids=lambda value: value if isinstance(value, str) else "")
def test_imports_point_down(module, path):
    if module == "jittor_tsit":
        return  # the names that users import; it has a test of its own
    own = floor_of(module, FLOORS)
    assert own is not None, f"{module} stands on no floor: move it into a package of FLOORS"
    for imported in imports_of(path):
        floor = floor_of(imported, FLOORS)
        assert floor is None or floor <= own, f"{module} imports {imported} from above"
        if is_in(module, WITHOUT_JITTOR):
            assert imported.split(".")[0] != "jittor", f"{module} imports {imported}"
        if module.startswith("jittor_tsit.") and is_in(imported, ("data_tools",)):
            assert imported == "data_tools" or is_in(imported, SHARED), f"{module} imports {imported}"


@pytest.mark.parametrize("module, path", list(modules()), ids=lambda value: value if isinstance(value, str) else "")
def test_basics_and_sets_stand_below_the_other_tools(module, path):
    if not is_in(module, LOWER_TOOLS):
        return
    allowed = LOWER_TOOLS[: LOWER_TOOLS.index(".".join(module.split(".")[:2])) + 1]
    for imported in imports_of(path):
        if imported.startswith("data_tools."):
            assert is_in(imported, allowed), f"{module} imports {imported} from above"


SHARED_BY_SYSTEMS = (
    "base tasks draws image_pool input_and_target latent_translation one_by_one state synthesis updates"
).split()


def test_no_system_imports_another():
    for module, path in modules():
        if module.startswith("jittor_tsit.systems.") and module != "jittor_tsit.systems.build":
            others = {name for name in imports_of(path) if name.startswith("jittor_tsit.systems.")}
            assert {name.split(".")[2] for name in others} <= set(SHARED_BY_SYSTEMS), module


def test_networks_and_systems_know_no_layout_of_images():
    """Layers accept images in any layout and convert them."""
    for module, path in modules():
        if is_in(module, ("jittor_tsit.networks", "jittor_tsit.systems")):
            imported = [name for name in imports_of(path) if is_in(name, ("jittor_tsit.layers.image_layouts",))]
            assert not imported, f"{module} imports {imported[0]}: let a layer convert the image"


def test_options_conversion_and_curation_load_without_jittor():
    names = [module for module, _ in modules() if is_in(module, WITHOUT_JITTOR)]
    code = f"import sys, {', '.join(names)}; sys.exit('jittor' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_the_top_of_the_package_holds_packages_only():
    files = {path.name for path in (ROOT / "jittor_tsit").glob("*.py")}
    assert files == {"__init__.py", "__main__.py", "losses.py", "optim.py"}
    tools = {path.name for path in (ROOT / "data_tools").glob("*.py")}
    assert tools == {"__init__.py", "__main__.py", "image_io.py"}  # the last one is a former path that scripts import


def test_no_file_is_longer_than_300_lines():
    for module, path in modules():
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, module


TESTS = sorted((ROOT / "tests").rglob("*.py"))
OURS = ("jittor_tsit", "data_tools", "experiments")


def private_names(path):
    """Private names of our modules that a test imports, reads or replaces."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and is_in(node.module or "", OURS)]
    modules = {alias.asname or alias.name for node in imports for alias in node.names}
    names = [alias.name for node in imports for alias in node.names]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            names.append(node.attr)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("setattr", "object"):  # of mocks
            owner, name = [*node.args, None, None][:2]
            if isinstance(owner, ast.Name) and owner.id in modules and isinstance(name, ast.Constant):
                names.append(str(name.value))
    return [name for name in names if is_private(name)]


def is_private(name):
    return name.startswith("_") and not name.startswith("__") and name != "_fields"  # a public name of NamedTuple


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_tests_use_public_names_only(path):
    assert not private_names(path)
