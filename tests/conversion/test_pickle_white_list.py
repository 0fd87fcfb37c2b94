"""The pickle reader accepts exactly the globals and opcodes that are listed here by hand."""

import pickle
import pickletools

import numpy as np
import pytest

from helpers.same_bytes import assert_same_bytes
from helpers.weight_file_bytes import CONTAINERS, entry, push, read, refusal, torch_zip
from jittor_tsit.conversion import pickle_machine
from jittor_tsit.conversion.pickle_globals import ALLOWED, PickledDtype, Storage, StorageType, Tensor

STORAGES = {  # PyTorch's class -> bytes of an element
    "FloatStorage": ("f4", 4),
    "DoubleStorage": ("f8", 8),
    "HalfStorage": ("f2", 2),
    "BFloat16Storage": ("bf16", 2),
    "LongStorage": ("i8", 8),
    "IntStorage": ("i4", 4),
    "ShortStorage": ("i2", 2),
    "CharStorage": ("i1", 1),
    "ByteStorage": ("u1", 1),
    "BoolStorage": ("b1", 1),
}
GLOBALS = {
    "collections.OrderedDict",
    "_codecs.encode",
    "__builtin__.bytes",
    "torch._utils._rebuild_tensor",
    "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_parameter",
    "torch.nn.parameter.Parameter",
    "jittor.Var",
    "jittor.jittor_core.Var",
    "numpy.ndarray",
    "numpy.dtype",
    "numpy.core.multiarray._reconstruct",
    "numpy._core.multiarray._reconstruct",
    "numpy.core.multiarray.scalar",
    "numpy._core.multiarray.scalar",
    "numpy.core.numeric._frombuffer",
    "numpy._core.numeric._frombuffer",
    *(f"{module}.{name}" for module in ("torch", "torch.cuda") for name in STORAGES),
}
OPCODES = {
    "PROTO",
    "FRAME",
    "STOP",
    "MARK",
    "NONE",
    "NEWTRUE",
    "NEWFALSE",
    "BININT",
    "BININT1",
    "BININT2",
    "LONG1",
    "BINFLOAT",
    "BINSTRING",
    "SHORT_BINSTRING",
    "BINUNICODE",
    "SHORT_BINUNICODE",
    "BINUNICODE8",
    "BINBYTES",
    "SHORT_BINBYTES",
    "BINBYTES8",
    "BYTEARRAY8",
    "EMPTY_TUPLE",
    "EMPTY_LIST",
    "EMPTY_DICT",
    "TUPLE",
    "TUPLE1",
    "TUPLE2",
    "TUPLE3",
    "APPEND",
    "APPENDS",
    "SETITEM",
    "SETITEMS",
    "BINPUT",
    "LONG_BINPUT",
    "MEMOIZE",
    "BINGET",
    "LONG_BINGET",
    "GLOBAL",
    "STACK_GLOBAL",
    "REDUCE",
    "BUILD",
    "BINPERSID",
}


def test_the_globals_are_exactly_these():
    assert set(ALLOWED) == GLOBALS


def test_every_global_is_a_stand_in_of_our_own():
    """None is a function of NumPy, PyTorch, Jittor or Python itself."""
    for name, stand_in in ALLOWED.items():
        kind = type(stand_in) if isinstance(stand_in, StorageType) else stand_in
        assert kind.__module__ == "jittor_tsit.conversion.pickle_globals", name
    for name, (code, _) in STORAGES.items():
        assert ALLOWED[f"torch.{name}"] == ALLOWED[f"torch.cuda.{name}"] == StorageType(code)


@pytest.mark.parametrize("name", STORAGES)
def test_a_storage_has_the_size_of_its_elements(name):
    code, nbytes = STORAGES[name]
    assert Tensor(Storage("0", code, 6, 0, 6), 0, (2, 3), (3, 1)).nbytes == 6 * nbytes


def test_the_opcodes_are_exactly_these():
    known = {*pickle_machine.PUSH_ARGUMENT, *pickle_machine.PUSH_NEW, *pickle_machine.ACTIONS, "STOP"}
    assert known == OPCODES <= {opcode.name for opcode in pickletools.opcodes}


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("code", sorted(opcode.code for opcode in pickletools.opcodes if opcode.name not in OPCODES))
def test_every_other_opcode_is_refused(tmp_path, container, code):
    """With any bytes as its argument, the only possible error is a refusal."""
    opcodes = b"K\x01" + code.encode("latin-1") + b"\x01\x00\x00\x00\x00\x00\x00\x00\n\n"
    refusal(tmp_path, CONTAINERS[container](entry(opcodes)))


HOSTILE = {
    "numpy\nfromfile": ("{path}", "f4"),  # would read any file of the user's
    "numpy\nload": ("{path}", None, True),
    "numpy\nmemmap": ("{path}",),
    "numpy\nempty": (10**13,),
    "numpy\nfrombuffer": (b"abcd", "f4"),
    "numpy.core.multiarray\nfromfile": ("{path}", "f4"),
    "builtins\nbytearray": (10**13,),  # would take all memory
    "__builtin__\nbytearray": (10**13,),
    "builtins\nbytes": (10**13,),
    "builtins\nlist": ((1, 2),),
    "torch\nload": ("{path}",),
    "torch\nempty": (10**13,),
    "torch.storage\n_load_from_bytes": (b"abc",),  # unpickles once more
    "jittor\nload": ("{path}",),
    "collections\ndefaultdict": (1,),
    "numpy\nndarray.tofile": ("{path}",),
}


@pytest.mark.parametrize("container", ["zip", "plain pickle"])
@pytest.mark.parametrize("name", HOSTILE)
def test_functions_that_read_files_or_take_memory_are_refused_by_name(tmp_path, name, container):
    secret = tmp_path / "secret"
    secret.write_bytes(np.float32([1, 2]).tobytes())
    arguments = tuple(str(secret) if value == "{path}" else value for value in HOSTILE[name])
    call = b"c" + name.encode() + b"\n" + push(arguments) + b"R"
    assert f"imports '{name}'".replace("\n", ".") in refusal(tmp_path, CONTAINERS[container](entry(call)))
    assert_same_bytes(secret, np.float32([1, 2]))


def test_protocol_2s_empty_bytes_are_all_that_bytes_makes(tmp_path):
    array = np.zeros((0, 3), np.float32)
    np.testing.assert_array_equal(read(tmp_path, pickle.dumps({"w": array}, 2))["w"], array)
    call = b"c__builtin__\nbytes\n" + push((10**13,)) + b"R"  # as Python 2's bytes, a length
    refusal(tmp_path, torch_zip(entry(call)))


@pytest.mark.parametrize("code", ["V8", "U4", "S1", "M8", "c8", "i16", "f16", "bf16", "", 4, None])
def test_other_element_types_are_refused(code):
    with pytest.raises(ValueError, match="allowed are float16/32/64, integers and bool"):
        PickledDtype(code)


@pytest.mark.parametrize(
    "kind",
    [
        push("module") + b"ctorch\nFloatStorage\n",
        push("storage") + push("x"),
        push("storage") + b"cnumpy\ndtype\n",
        push(1) + b"ctorch\nFloatStorage\n",
    ],
)
def test_what_is_kept_outside_a_pickle_is_a_storage_by_kind_and_by_type(tmp_path, kind):
    call = b"(" + kind + push("0") + push("cpu") + push(6) + b"tQ"
    assert "outside the pickle that is not a storage" in refusal(tmp_path, torch_zip(entry(call)))


@pytest.mark.parametrize("key", [b"N", push(1.5), push((1,)), push(b"0")])
def test_a_storage_is_called_by_text_or_a_number(tmp_path, key):
    call = b"(" + push("storage") + b"ctorch\nFloatStorage\n" + key + push("cpu") + push(6) + b"tQ"
    assert "outside the pickle that is not a storage" in refusal(tmp_path, torch_zip(entry(call)))


def test_an_array_that_python_2_pickled_has_its_bytes_as_text(tmp_path):
    values = np.float32([1.5, -2.0, 3e-39])  # the last with bytes of 128 and more, subnormal
    dtype = b"cnumpy\ndtype\n" + push(("f4", 0, 1)) + b"R(K\x03U\x01<NNN" + 2 * b"J\xff\xff\xff\xff" + b"K\x00tb"
    state = b"(K\x01" + push((3,)) + dtype + b"\x89U" + bytes([values.nbytes]) + values.tobytes() + b"t"
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n" + push((0,)) + push("b") + b"\x87R"
    found = read(tmp_path, entry(array + state + b"b"))["w"]
    np.testing.assert_array_equal(found, values)
    assert_same_bytes(found, values)


def test_a_tensor_of_something_else_than_a_storage_is_refused(tmp_path):
    layout = push(0) + push((2, 3)) + push((3, 1)) + push(False) + b"}"
    call = b"ctorch._utils\n_rebuild_tensor_v2\n(" + push({"length": 6}) + layout + b"tR"
    assert "a tensor without a storage" in refusal(tmp_path, torch_zip(entry(call)))


def test_an_array_in_fortrans_order_comes_in_cs(tmp_path):
    array = np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3))
    found = read(tmp_path, pickle.dumps({"w": array}, 2))["w"]
    np.testing.assert_array_equal(found, array)
    assert found.flags.c_contiguous
