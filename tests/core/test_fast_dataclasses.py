"""Our dataclasses do what those of the standard library do, for all that is used of them."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import re
from abc import ABC, abstractmethod
from functools import cached_property
from types import SimpleNamespace
from typing import ClassVar, Generic, TypeVar

import pytest

from drcheck.core import fast_dataclasses

T = TypeVar("T")
WAYS = [
    {"frozen": True, "slots": True},
    {"frozen": True},
    {"slots": True},
    {},
    {"slots": True, "eq": False},
    {"frozen": True, "slots": True, "kw_only": True},
    {"frozen": True, "slots": True, "repr": False},
]


def made(module, **way):
    """Return classes of all forms that are used here, made by one of the two modules."""
    dataclass, field = module.dataclass, module.field

    @dataclass(**way)
    class Base(ABC):
        kind: ClassVar[str] = "base"
        id: str
        note: str = ""

        @abstractmethod
        def whole(self): ...

        @property
        def length(self):
            return len(self.id)

    @dataclass(**way)
    class Derived(Base):
        kind: ClassVar[str] = "derived"
        several: dict[str, int] = field(default_factory=dict)
        kept: int = field(default=3, compare=False)
        hidden: int = field(default=4, repr=False)
        unhashed: object = field(default=(), hash=False)
        worked_out: list[int] = field(default_factory=list, init=False, compare=False, repr=False)
        alone: int = field(default=5, kw_only=True)
        note: str = "overridden"

        def whole(self):
            return f"{self.id}{self.note}"

    @dataclass(**way)
    class After(Generic[T]):
        first: T
        second: int = field(init=False)

        def __post_init__(self):
            object.__setattr__(self, "second", 7)

    @dataclass(**way)
    class Nothing:
        """It has no field."""

    @dataclass(**way)
    class Own:
        x: int

        def __eq__(self, other):
            return True

        def __hash__(self):
            return 11

        def __repr__(self):
            return "own"

    return SimpleNamespace(Base=Base, Derived=Derived, After=After, Nothing=Nothing, Own=Own)


def told(build):
    """Return what comes of something: its value in words, or the kind of its error."""
    try:
        return re.sub("0x[0-9a-f]+", "at its place", repr(build()))
    except Exception as error:  # noqa: BLE001  whatever it is
        return type(error).__name__


ASKED = {
    "by place": lambda of: of.Derived("a", "b"),
    "by name": lambda of: of.Derived(id="a", note="b", several={"x": 1}, kept=9, alone=1),
    "too many": lambda of: of.Derived("a", "b", {}, 1, 2, (), 3, 4),
    "missing": lambda of: of.Derived(),
    "abstract": lambda of: of.Base(id="a"),
    "equal": lambda of: of.Derived(id="a", kept=1) == of.Derived(id="a", kept=2),
    "unequal": lambda of: of.Derived(id="a", hidden=1) == of.Derived(id="a", hidden=2),
    "of another class": lambda of: of.After(first=1) == of.Nothing(),
    "hash": lambda of: hash(of.After(first="x")) == hash(of.After(first="x")),
    "no hash": lambda of: hash(of.Derived(id="a")),
    "hash of one": lambda of: {of.After(first=1): 2}[of.After(first=1)],
    "post init": lambda of: of.After(first=1).second,
    "nothing": lambda of: of.Nothing(),
    "nothing alike": lambda of: of.Nothing() == of.Nothing(),
    "own methods": lambda of: (of.Own(x=1), of.Own(x=1) == 3, hash(of.Own(x=1))),
    "class value": lambda of: (of.Base.kind, of.Derived.kind, of.Derived(id="a").kind),
    "property": lambda of: of.Derived(id="abc").length,
    "method": lambda of: of.Derived(id="abc").whole(),
    "set": lambda of: setattr(of.After(first=1), "first", 2),
    "delete": lambda of: delattr(of.After(first=1), "first"),
    "copy": lambda of: copy.copy(of.Derived(id="a", several={"x": 1})),
    "deep copy": lambda of: copy.deepcopy(of.Derived(id="a", several={"x": 1})),
    "match": lambda of: of.Derived.__match_args__,
    "default of a class": lambda of: of.Own.__match_args__,
    "replaced": lambda of: dataclasses.replace(of.Derived(id="a", kept=8), note="z"),
    "replaced what is none": lambda of: dataclasses.replace(of.Derived(id="a"), no=1),
    "unlike instances": lambda of: of.Derived(id="a").worked_out is of.Derived(id="a").worked_out,
    "signature": lambda of: [
        (each.name, each.kind) for each in inspect.signature(of.Derived).parameters.values()
    ],
    "doc": lambda of: of.Nothing.__doc__,
    "slots": lambda of: of.Derived.__slots__,
}  # fmt: skip


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_classes_do_as_those_of_the_standard_library(way, asked):
    ours, theirs = made(fast_dataclasses, **way), made(dataclasses, **way)
    assert told(lambda: ASKED[asked](ours)) == told(lambda: ASKED[asked](theirs))


@fast_dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    a: int
    b: tuple[int, ...] = ()


@fast_dataclasses.dataclass
class Cached:
    a: int

    @cached_property
    def twice(self):
        return 2 * self.a


def test_values_go_through_pickle():
    assert pickle.loads(pickle.dumps(Pair(1, (2,)))) == Pair(1, (2,))


def test_a_class_without_slots_keeps_what_it_worked_out():
    value = Cached(2)
    assert (value.twice, value.__dict__) == (4, {"a": 2, "twice": 4})


def test_fields_are_told_by_a_class_and_by_its_values():
    assert [each.name for each in fast_dataclasses.fields(Pair)] == ["a", "b"]
    assert [each.default for each in fast_dataclasses.fields(Pair(1))] == [fast_dataclasses.MISSING, ()]


def test_replace_leaves_out_what_no_call_sets():
    derived = made(fast_dataclasses, frozen=True, slots=True).Derived
    assert fast_dataclasses.replace(derived("a"), note="z") == derived("a", "z")
    with pytest.raises(TypeError):
        fast_dataclasses.replace(derived("a"), no=1)


def test_a_default_that_can_change_is_refused():
    with pytest.raises(TypeError, match=r"Shared.several can change: use default_factory"):

        @fast_dataclasses.dataclass(slots=True)
        class Shared:
            several: list[int] = []  # noqa: RUF012


def test_a_hash_is_that_of_the_compared_values():
    assert hash(Pair(1, (2,))) == hash((1, (2,)))
