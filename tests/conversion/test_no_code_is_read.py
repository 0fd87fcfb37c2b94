"""Nothing in the packages runs code that a data file could hold: no unpickling, no eval, no exec, no shell."""

import ast

import pytest

from helpers.source_files import modules

UNPICKLERS = {"pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "torch"}
RUNNERS = {"eval", "exec", "compile", "__import__"}  # as builtins; module.eval() of a network is another thing
LOADERS = {("jt", "load"), ("jittor", "load"), ("jt", "safeunpickle"), ("pandas", "read_pickle")}
ALLOWED = {"jittor_tsit.config.experiment_files": "builtins.__import__"}  # experiment files are Python by design
SHELLS = {("os", "system"), ("os", "popen"), ("subprocess", "getoutput"), ("subprocess", "getstatusoutput")}


def imported(node):
    """Top-level names of the packages that a statement imports."""
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
    names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
    return {name.split(".")[0] for name in names}


def faults_of(tree):
    """Find forbidden calls and imports in a syntax tree, with their lines."""
    for node in ast.walk(tree):
        for name in imported(node) & UNPICKLERS:
            yield f"line {node.lineno}: imports {name}"
        if isinstance(node, ast.Name) and node.id in RUNNERS:
            yield f"line {node.lineno}: {node.id}"
        if isinstance(node, ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            if (owner, node.attr) in LOADERS | SHELLS or (owner == "builtins" and node.attr in RUNNERS):
                yield f"line {node.lineno}: {owner}.{node.attr}"
        is_false = isinstance(getattr(node, "value", None), ast.Constant) and node.value.value is False
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle" and not is_false:
            yield f"line {node.lineno}: allow_pickle"
        if isinstance(node, ast.keyword) and node.arg == "shell":
            yield f"line {node.lineno}: shell"


@pytest.mark.parametrize("module, path", list(modules()), ids=lambda value: value if isinstance(value, str) else "")
def test_no_module_runs_what_a_file_holds(module, path):
    faults = [fault.partition(": ")[2] for fault in faults_of(ast.parse(path.read_text(encoding="utf-8")))]
    assert not [fault for fault in faults if fault != ALLOWED.get(module)]


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from pickle import loads",
        "import torch.nn as nn",
        "eval('1')",
        "run = exec",
        "import builtins\nbuiltins.eval('1')",
        "jt.load('x.pkl')",
        "np.load('x', allow_pickle=True)",
        "np.load('x', allow_pickle=flag)",
        "os.system('ls')",
        "subprocess.run('ls', shell=True)",
    ],
)
def test_the_walk_finds_what_it_looks_for(code):
    assert list(faults_of(ast.parse(code)))
