"""Jittor calls g++ for an operator directly, without a Python process in between, unless the source needs one."""

import re
import subprocess
import sys
from pathlib import Path

import jittor as jt
import pytest

from jittor_tsit.runtime.direct_compiler import install_direct_compiler

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="Jittor starts a Python for operators on Linux alone")


@pytest.fixture
def call(tmp_path):
    """Call the script as Jittor does, with a compiler that prints its arguments and writes them to its output. Return
    what is printed.
    """
    tuner = tmp_path / "asm_tuner.py"
    tuner.write_text("import sys; print('python', *sys.argv[1:])")
    compiler = tmp_path / "echo-g++"
    compiler.write_text('#!/bin/sh\necho compiler "$@"\nfor last do :; done\necho "$@" >"$last"\n')
    compiler.chmod(0o755)

    def called(source: str, then: str = "") -> str:
        if then:
            compiler.write_text(compiler.read_text() + then)
        path = tmp_path / "kernel_op.cc"
        path.write_text(source)
        script = install_direct_compiler(tmp_path / "scripts")
        command = f'{script} {tuner} --cc_path="{compiler}" "{path}"  -O2 -D"A B" -o "{tmp_path}/x.so"'
        return subprocess.run(command, shell=True, check=not then, capture_output=True, text=True).stdout.strip()

    return called


@linux_only
def test_the_compiler_gets_the_options_as_they_are(call, tmp_path):
    printed = call("int x;")
    assert re.fullmatch(rf"compiler {tmp_path}/kernel_op.cc -O2 -DA B -o {tmp_path}/x.so\.\d+", printed)
    assert (tmp_path / "x.so").read_text() == printed.replace("compiler ", "") + "\n"


@linux_only
@pytest.mark.parametrize("end", ["exit 1", "kill -9 $$"])
def test_a_compiler_that_fails_or_is_killed_leaves_the_library_as_it_was(call, tmp_path, end):
    (tmp_path / "x.so").write_text("whole")
    call("int x;", then=end)
    assert (tmp_path / "x.so").read_text() == "whole"


@linux_only
def test_a_marked_source_goes_through_python(call):
    assert call('// @begin replace "a" "b"').startswith("python --cc_path=")


@linux_only
def test_other_programs_of_jittors_go_through_python(tmp_path):
    program = tmp_path / "dlink_compiler.py"
    program.write_text("import sys; print('python', *sys.argv[1:])")
    script = install_direct_compiler(tmp_path / "scripts")
    printed = subprocess.run([script, str(program), "nvcc"], check=True, capture_output=True, text=True).stdout
    assert printed.strip() == "python nvcc"


def test_where_nothing_can_be_written_python_is_called(tmp_path):
    (tmp_path / "file").write_text("")
    assert install_direct_compiler(tmp_path / "file/scripts") == sys.executable


@linux_only
def test_operators_of_this_process_are_compiled_so():
    mark = "int compiled_by_whom = 0;"
    jt.code([1], "int32", [], cpu_src=f"{mark} out_p[0] = compiled_by_whom;").sync()
    # Others of the cache may be older: Jittor compiles some of its own while it is imported.
    (source,) = (path for path in Path(jt.flags.cache_path, "jit").glob("code*_op.cc") if mark in path.read_text())
    key = source.with_suffix(".so.key").read_text()
    assert key.startswith(f"{jt.flags.python_path} ") and "direct_compiler" in jt.flags.python_path
