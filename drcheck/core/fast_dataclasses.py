"""Dataclasses that are made in a third of the time.

:mod:`dataclasses` compiles up to eight methods of each class, one by one, and loads :mod:`inspect` beforehand: over a
quarter of a run that looks at one local source. Here ``__init__`` alone is compiled; all other methods are written
once. What nobody here uses is left out (order, ``InitVar``, ``KW_ONLY``, ``metadata``). The rest does as it does there;
tests hold the two against each other. To type checkers and editors the classes are ordinary dataclasses, whose values
:func:`dataclasses.replace` takes as well.

The 104 classes of such a run take 19 ms so, 76 ms more with the standard library, 74 ms with attrs, and 13 ms with
msgspec, of which 10 import it. Its classes do less (they leave no field out of comparing or of ``__init__``, and none
is abstract without a metaclass of both), so that they can take the place of these in one go only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

if TYPE_CHECKING:
    from dataclasses import MISSING, dataclass, field, fields, replace

__all__ = ["MISSING", "dataclass", "field", "fields", "replace"]

_FIELDS: Final = "__dataclass_fields__"
"""Where :mod:`dataclasses` keeps the fields of a class."""
_MISSING: Final = object()


class _Field(NamedTuple):
    """One field of a class; its name is filled in when the class is made."""

    name: str = ""
    default: Any = _MISSING
    default_factory: Any = _MISSING
    init: bool = True
    repr: bool = True
    hash: bool | None = None
    compare: bool = True
    kw_only: bool | None = None

    @property
    def _field_type(self) -> None:
        """Nothing: it is an ordinary field, for which :func:`dataclasses.replace` looks here."""


def _field(**given: Any) -> Any:
    """Return what :func:`dataclasses.field` returns: one field, in place of its default."""
    return _Field(**given)


def _fields(of: Any) -> tuple[_Field, ...]:
    """Return the fields of a class or a value of one, in order."""
    return tuple(getattr(of, _FIELDS).values())


def _replace(value: Any, /, **changes: Any) -> Any:
    """Return the same value with other fields."""
    names, values = _given(value.__class__)
    return value.__class__(**{**dict(zip(names, values(value), strict=True)), **changes})


@cache
def _given(cls: type) -> tuple[Sequence[str], Callable[[Any], tuple[Any, ...]]]:
    """Return the names of what is given to make a value of a class, and what takes these of one."""
    names = [each.name for each in _fields(cls) if each.init]
    return names, _values(names)


def _dataclass(
    cls: Any = None,
    /,
    *,
    frozen: bool = False,
    slots: bool = False,
    eq: bool = True,
    repr: bool = True,  # noqa: A002  as dataclasses has it
    kw_only: bool = False,
) -> Any:
    """Make a class of fields, as :func:`dataclasses.dataclass` does."""
    if cls is None:
        return lambda each: _made(each, frozen=frozen, slots=slots, eq=eq, shown=repr, kw_only=kw_only)
    return _made(cls, frozen=frozen, slots=slots, eq=eq, shown=repr, kw_only=kw_only)


def _made(cls: type, *, frozen: bool, slots: bool, eq: bool, shown: bool, kw_only: bool) -> type:
    own = {each.name: each for each in _own(cls, kw_only)}
    inherited = [getattr(base, _FIELDS, {}) for base in reversed(cls.__mro__[1:])]
    every: dict[str, _Field] = {name: each for of_base in inherited for name, each in of_base.items()} | own
    body = dict(cls.__dict__)
    methods: dict[str, Any] = {_FIELDS: every, "__match_args__": tuple(_positional(every.values()))}
    if shown:
        methods["__repr__"] = _repr([each.name for each in every.values() if each.repr])
    if eq:
        compared = _values([each.name for each in every.values() if each.compare])
        methods["__eq__"] = _eq(compared)
        hashed = _values([each.name for each in every.values() if (each.compare if each.hash is None else each.hash)])
        methods["__hash__"] = _hash(hashed) if frozen else None
    if frozen:
        methods |= {"__setattr__": _refuse_set, "__delattr__": _refuse_delete}
        if slots:  # copying and pickling would set them
            methods |= {"__getstate__": _getstate, "__setstate__": _setstate}
    written = {name for name in methods if name in body and name not in {"__hash__", "__match_args__"}}
    methods = {name: method for name, method in methods.items() if name not in written}
    if "__hash__" in methods and "__hash__" in body and not (body["__hash__"] is None and "__eq__" in written):
        del methods["__hash__"]
    if slots:
        taken = {name for base in cls.__mro__[1:] for name in _slots(base)}
        body = {name: value for name, value in body.items() if name not in {*own, "__dict__", "__weakref__"}}
        body["__slots__"] = tuple(name for name in every if name not in taken)
        cls = type(cls)(cls.__name__, cls.__bases__, {**body, **methods, "__qualname__": cls.__qualname__})
    else:
        for name, each in own.items():
            if each.default is not _MISSING:
                setattr(cls, name, each.default)
            elif name in body:
                delattr(cls, name)
        for name, method in methods.items():
            setattr(cls, name, method)
    if "__init__" not in body:
        cls.__init__ = _init(cls, list(every.values()), frozen=frozen, slots=slots)  # type: ignore[misc]
    return cls


def _own(cls: type, kw_only: bool) -> Iterator[_Field]:
    """Yield the fields that a class itself declares; modules here have their annotations as text."""
    for name, annotation in cls.__dict__.get("__annotations__", {}).items():  # noqa: RUF063  that loads inspect
        if annotation.startswith(("ClassVar", "typing.ClassVar")):
            continue
        given = cls.__dict__.get(name, _MISSING)
        declared = given if isinstance(given, _Field) else _Field(default=given)
        if isinstance(declared.default, list | dict | set):
            raise TypeError(f"the default of {cls.__qualname__}.{name} can change: use default_factory")
        yield declared._replace(name=name, kw_only=kw_only if declared.kw_only is None else declared.kw_only)


def _positional(of: Any) -> Iterator[str]:
    return (each.name for each in of if each.init and not each.kw_only)


def _slots(base: type) -> Sequence[str]:
    slots = base.__dict__.get("__slots__", ())
    return (slots,) if isinstance(slots, str) else slots


def _init(cls: type, every: Sequence[_Field], *, frozen: bool, slots: bool) -> Callable[..., None]:
    """Return ``__init__``, which sets the fields of a frozen class past its ``__setattr__``."""
    outside: dict[str, Any] = {"MISSING": _MISSING, "set_past": object.__setattr__}
    parameters: list[str] = []
    by_name: list[str] = []
    lines: list[str] = []
    for number, each in enumerate(every):
        parameter, value = each.name, each.name
        if each.default_factory is not _MISSING:
            outside[f"made{number}"] = each.default_factory
            parameter, value = f"{each.name}=MISSING", f"made{number}() if {each.name} is MISSING else {each.name}"
            if not each.init:
                value = f"made{number}()"
        elif each.default is not _MISSING:
            outside[f"default{number}"] = each.default
            parameter = f"{each.name}=default{number}"
            value = each.name if each.init else f"default{number}"
        elif not each.init:
            continue  # set by __post_init__
        if each.init:
            (by_name if each.kw_only else parameters).append(parameter)
        if not frozen:
            lines.append(f"self.{each.name} = {value}")
        elif slots:
            outside[f"set{number}"] = getattr(cls, each.name).__set__
            lines.append(f"set{number}(self, {value})")
        else:
            lines.append(f"set_past(self, {each.name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    signature = ", ".join(["self", *parameters, *(["*", *by_name] if by_name else [])])
    text = f"def __init__({signature}):\n " + "\n ".join(lines or ["pass"])
    names: dict[str, Any] = {}
    exec(text, outside, names)  # noqa: S102  of names that the class declares
    made: Callable[..., None] = names["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__module__ = cls.__module__
    return made


def _values(names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Return what takes these attributes of a value."""
    if not names:
        return lambda _: ()
    take = attrgetter(*names)
    return take if len(names) > 1 else lambda value: (take(value),)


def _eq(compared: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any, Any], Any]:
    def eq(self: Any, other: object) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return compared(self) == compared(other)

    return eq


def _hash(hashed: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any], int]:
    return lambda self: hash(hashed(self))


def _repr(names: Sequence[str]) -> Callable[[Any], str]:
    def shown(self: Any) -> str:
        return f"{self.__class__.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    return shown


def _refuse_set(self: Any, name: str, value: Any) -> NoReturn:
    del self, value
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_delete(self: Any, name: str) -> NoReturn:
    del self
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _getstate(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in _fields(self)]


def _setstate(self: Any, state: Sequence[Any]) -> None:
    for each, value in zip(_fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)


if not TYPE_CHECKING:
    MISSING, dataclass, field, fields, replace = _MISSING, _dataclass, _field, _fields, _replace
