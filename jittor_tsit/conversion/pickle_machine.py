"""Interpret the few pickle opcodes that weight files need, without running any code from the file.

`pickle.Unpickler` with a restricted `find_class` would not be safe: CPython 3.11 allocates 32 GB for a five-byte memo
opcode, and hashing a nested tuple as a dict key may never end or overflow the stack. Therefore `pickletools` decodes
the opcodes, and the small machine here interprets them. Nothing is imported: names of classes and functions are looked
up in `ALLOWED`, which holds harmless replacements.

Source: CPython's Lib/pickletools.py describes each opcode.
"""

from __future__ import annotations

import pickletools
from typing import Any, Callable, Dict, List

from jittor_tsit.conversion.pickle_globals import (
    ALLOWED,
    PickledArray,
    PickledDtype,
    Storage,
    Tensor,
    WeightFileError,
    set_items,
    storage_from,
)

# A state dict has about 35 opcodes a tensor. One opcode can take 100 bytes, so this limits the memory that a malicious
# file can take.
MAX_OPCODES = 2_000_000


class PickleMachine:
    """Reads pickles from a stream. `storages` holds all storages that their tensors use, by key."""

    def __init__(self) -> None:
        self.storages: Dict[str, Storage] = {}

    def load(self, stream: Any) -> Any:
        """Read the pickle at the stream's position and return its value. The stream is then after the pickle.

        Raises:
            WeightFileError: The pickle has a global, an opcode or a value that weights do not need.
            Exception: Of many types, if the pickle is damaged.
        """
        self.stack: List[Any] = []
        self.marks: List[int] = []
        self.memo: Dict[int, object] = {}
        for count, (opcode, argument, _position) in enumerate(pickletools.genops(stream)):
            if count == MAX_OPCODES:
                raise WeightFileError(f"a pickle of more than {MAX_OPCODES} opcodes")
            if opcode.name != "STOP":
                self._step(opcode.name, argument)
        return self.stack.pop()

    def _step(self, name: str, argument: object) -> None:
        if name in PUSH_ARGUMENT:
            self.stack.append(argument)
        elif name in PUSH_NEW:
            self.stack.append(PUSH_NEW[name]())
        elif name in ACTIONS:
            ACTIONS[name](self, argument)
        else:
            detail = f" ({argument!a:.60})" if type(argument) is str else ""
            raise WeightFileError(f"the pickle opcode {name}{detail}, which weights do not need")

    def _pop_to_mark(self) -> List[Any]:
        start = self.marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items

    def _ignore(self, _argument) -> None:
        """Ignore PROTO and FRAME, which do not change the value."""

    def _mark(self, _argument) -> None:
        self.marks.append(len(self.stack))

    def _tuple(self, _argument) -> None:
        self.stack.append(tuple(self._pop_to_mark()))

    def _short_tuple(self, count: int) -> None:
        self.marks.append(len(self.stack) - count)
        self._tuple(None)

    def _append(self, _argument) -> None:
        self._extend([self.stack.pop()])

    def _appends(self, _argument) -> None:
        self._extend(self._pop_to_mark())

    def _extend(self, items: List[object]) -> None:
        if type(self.stack[-1]) is not list:
            raise WeightFileError("items appended to something that is not a list")
        self.stack[-1].extend(items)

    def _set_item(self, _argument) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        set_items(self.stack[-1], [key, value])

    def _set_items(self, _argument) -> None:
        items = self._pop_to_mark()
        set_items(self.stack[-1], items)

    def _put(self, index) -> None:
        self.memo[len(self.memo) if index is None else index] = self.stack[-1]

    def _get(self, index) -> None:
        self.stack.append(self.memo[index])

    def _global(self, names) -> None:
        self._find(*names.split(" ", 1))

    def _stack_global(self, _argument) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self._find(module, name)

    def _find(self, module: object, name: object) -> None:
        full_name = f"{module}.{name}" if type(module) is type(name) is str else "a global without a name"
        if full_name not in ALLOWED:
            raise WeightFileError(
                f"a pickle that imports {full_name!a:.80}; tensors, arrays and numbers are allowed "
                "(of a whole model, save its state_dict() alone)"
            )
        self.stack.append(ALLOWED[full_name])

    def _reduce(self, _argument) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        if not callable(function) or type(arguments) is not tuple:
            raise WeightFileError("a pickle that calls something that is not a function")
        self.stack.append(function(*arguments))

    def _build(self, _argument) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if isinstance(target, (PickledArray, PickledDtype)):
            target.build(state)
        elif not isinstance(target, (dict, Tensor)):  # their state (_metadata, hooks) is ignored
            raise WeightFileError("a pickle that sets the state of something that has none")

    def _persistent(self, _argument) -> None:
        storage = storage_from(*self.stack.pop())
        first = self.storages.setdefault(storage.key, storage)
        if (first.code, first.numel) != (storage.code, storage.numel):
            raise WeightFileError(f"storage {storage.key!a:.40} declared twice, differently")
        self.stack.append(storage)


PUSH_ARGUMENT = frozenset(
    (
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
    )
)

PUSH_NEW: Dict[str, Callable[[], object]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
}

ACTIONS: Dict[str, Callable[[PickleMachine, object], None]] = {
    "PROTO": PickleMachine._ignore,
    "FRAME": PickleMachine._ignore,
    "MARK": PickleMachine._mark,
    "TUPLE": PickleMachine._tuple,
    "TUPLE1": lambda machine, _argument: machine._short_tuple(1),
    "TUPLE2": lambda machine, _argument: machine._short_tuple(2),
    "TUPLE3": lambda machine, _argument: machine._short_tuple(3),
    "APPEND": PickleMachine._append,
    "APPENDS": PickleMachine._appends,
    "SETITEM": PickleMachine._set_item,
    "SETITEMS": PickleMachine._set_items,
    "BINPUT": PickleMachine._put,
    "LONG_BINPUT": PickleMachine._put,
    "MEMOIZE": PickleMachine._put,
    "BINGET": PickleMachine._get,
    "LONG_BINGET": PickleMachine._get,
    "GLOBAL": PickleMachine._global,
    "STACK_GLOBAL": PickleMachine._stack_global,
    "REDUCE": PickleMachine._reduce,
    "BUILD": PickleMachine._build,
    "BINPERSID": PickleMachine._persistent,
}
