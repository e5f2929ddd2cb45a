"""Classes of values: what `dataclasses` makes of a class with slots, made in a tenth of the time.

The standard library writes and compiles six functions for each class when its module is imported: half a
millisecond, which two hundred classes turn into the larger part of a start. Here comparing, hashing and showing are
closures over the names of the fields, and `__init__` is written for the classes of which there are many values. To a
type checker, and to whoever asks `dataclasses` at run time, these classes are what they would be there.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

__all__ = ["dataclass", "field", "replace"]

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from dataclasses import dataclass, field, replace
else:

    def dataclass(*, slots, frozen=False, eq=True, order=False):
        """Make a class of values, as `dataclasses.dataclass` does with these options."""
        if not slots:
            raise TypeError("a class without slots is a case for the standard library")
        return lambda cls: _made(cls, frozen=frozen, eq=eq, order=order)

    def field(**options):
        """Say more of a field: default, default_factory, repr, compare, hash, as in `dataclasses.field`."""
        return _Field(options)

    def replace(value, /, **changes):
        """Return a value like this one but for the fields that are named."""
        for name in value.__value_fields__:
            if name not in changes:
                changes[name] = getattr(value, name)
        return value.__class__(**changes)


_NONE: Final = object()
"""In place of an argument that is not given, and of a default that there is not."""

_FEW: Final = 32
"""Values of a class for which no function is written: to write one takes as long as making about forty without."""


class _Field:
    """What its class says of a field."""

    __slots__ = ("annotation", "options")

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.options = options
        self.annotation = ""

    def is_in(self, part: str) -> bool:
        """Whether the field has a part in `repr`, `compare` or `hash`."""
        if not self.options:
            return True
        said = self.options.get(part)
        if said is None and part == "hash":
            said = self.options.get("compare")
        return said is not False

    @property
    def has_default(self) -> bool:
        """Whether it need not be given."""
        return "default" in self.options or "default_factory" in self.options

    def default(self) -> Any:
        """What it is when it is not given."""
        make = self.options.get("default_factory")
        return self.options["default"] if make is None else make()


class _Described:
    """What `dataclasses` keeps of a class, worked out by it when somebody asks first."""

    __slots__ = ("name", "options")

    def __init__(self, name: str, options: Mapping[str, bool]) -> None:
        self.name = name
        self.options = options

    def __get__(self, value: object, cls: Any) -> Any:
        import dataclasses  # noqa: PLC0415 - it is what is done without here

        fields = {
            name: dataclasses.field(**known.options) if known.options else dataclasses.field()
            for name, known in cls.__value_fields__.items()
        }
        annotations = {name: known.annotation for name, known in cls.__value_fields__.items()}
        twin = type(cls.__name__, (), {**fields, "__annotations__": annotations, "__module__": cls.__module__})
        found = getattr(dataclasses.dataclass(**self.options)(twin), self.name)
        setattr(cls, self.name, found)
        return found


def _made(cls: Any, **options: bool) -> Any:
    """The class anew, with slots: a class cannot be given them afterwards."""
    namespace = dict(vars(cls))
    fields: dict[str, _Field] = {}
    for base in cls.__mro__[:0:-1]:
        fields.update(vars(base).get("__value_fields__", {}))
    own: list[str] = []
    for name, annotation in namespace.get("__annotations__", {}).items():
        if not annotation.startswith("ClassVar["):
            default = namespace.pop(name, _NONE)
            found = default if isinstance(default, _Field) else _Field({} if default is _NONE else {"default": default})
            found.annotation = annotation
            fields[name] = found
            own.append(name)
    for name in ("__dict__", "__weakref__"):
        namespace.pop(name, None)
    made = {"__init__": _early_init(fields), "__repr__": _repr_of(fields)}
    if options["eq"]:
        made |= _comparing(fields, frozen=options["frozen"], order=options["order"])
    if options["frozen"]:
        made |= _FROZEN
    described = {name: _Described(name, options) for name in ("__dataclass_fields__", "__dataclass_params__")}
    named = {"__slots__": tuple(own), "__match_args__": tuple(fields), "__value_fields__": fields}
    return type(cls)(cls.__name__, cls.__bases__, {**made, **namespace, **described, **named})


def _early_init(fields: Mapping[str, _Field]) -> Any:
    """The `__init__` of the first values of a class, of which there are most often not many; then one is written."""
    left = _FEW

    def __init__(self: Any, *values: Any, **named: Any) -> None:  # noqa: N807 - it becomes one
        nonlocal left
        left -= 1
        given = dict(zip(fields, values, strict=False), **named) if left >= 0 else {}
        if len(given) == len(values) + len(named) and fields.keys() >= given.keys() >= needed:
            for name, found in fields.items():
                object.__setattr__(self, name, given[name] if name in given else found.default())
            return
        # So many that it is worth it, or arguments that do not fit, which Python itself is to tell.
        cls: Any = next(each for each in type(self).__mro__ if vars(each).get("__init__") is __init__)
        init = cls.__init__ = _init_of(cls)
        init(self, *values, **named)

    needed = {name for name, found in fields.items() if not found.has_default}
    return __init__


def _init_of(cls: Any) -> Any:
    """A function that sets the slots, with the fields as its parameters."""
    known: dict[str, Any] = {"_NONE": _NONE}
    parameters, lines = ["self"], ["pass"]
    for number, (name, found) in enumerate(cls.__value_fields__.items()):
        known[f"_set{number}"] = getattr(cls, name).__set__
        value = name
        if "default_factory" in found.options:
            known[f"_make{number}"] = found.options["default_factory"]
            parameters.append(f"{name}=_NONE")
            value = f"_make{number}() if {name} is _NONE else {name}"
        elif "default" in found.options:
            known[f"_default{number}"] = found.options["default"]
            parameters.append(f"{name}=_default{number}")
        else:
            parameters.append(name)
        lines.append(f"_set{number}(self, {value})")
    exec(f"def __init__({', '.join(parameters)}):\n " + "\n ".join(lines), known)  # noqa: S102 - of names alone
    made = known["__init__"]
    made.__qualname__, made.__module__ = f"{cls.__qualname__}.__init__", cls.__module__
    return made


def _repr_of(fields: Mapping[str, _Field]) -> Any:
    shown = tuple(name for name, found in fields.items() if found.is_in("repr"))

    def __repr__(self: Any) -> str:  # noqa: N807 - it becomes one
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"

    return __repr__


def _comparing(fields: Mapping[str, _Field], *, frozen: bool, order: bool) -> dict[str, Any]:
    compared = _getter([name for name, found in fields.items() if found.is_in("compare")])
    hashed = _getter([name for name, found in fields.items() if found.is_in("hash")])

    def __eq__(self: Any, other: object) -> Any:  # noqa: N807
        return compared(self) == compared(other) if other.__class__ is self.__class__ else NotImplemented

    def __lt__(self: Any, other: object) -> Any:  # noqa: N807
        return compared(self) < compared(other) if other.__class__ is self.__class__ else NotImplemented

    def __le__(self: Any, other: object) -> Any:  # noqa: N807
        return compared(self) <= compared(other) if other.__class__ is self.__class__ else NotImplemented

    def __gt__(self: Any, other: object) -> Any:  # noqa: N807
        return compared(self) > compared(other) if other.__class__ is self.__class__ else NotImplemented

    def __ge__(self: Any, other: object) -> Any:  # noqa: N807
        return compared(self) >= compared(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self: Any) -> int:  # noqa: N807
        return hash(hashed(self))

    made: dict[str, Any] = {"__eq__": __eq__, "__hash__": __hash__ if frozen else None}
    return made | ({"__lt__": __lt__, "__le__": __le__, "__gt__": __gt__, "__ge__": __ge__} if order else {})


def _getter(names: list[str]) -> Callable[[Any], Any]:
    return attrgetter(*names) if names else lambda _: ()


def _refuse(self: Any, name: str, *_: object) -> None:
    from dataclasses import FrozenInstanceError  # noqa: PLC0415

    raise FrozenInstanceError(f"cannot assign to field {name!r} of {type(self).__qualname__}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__value_fields__]


def _restore(self: Any, state: list[Any]) -> None:
    for name, value in zip(self.__value_fields__, state, strict=True):
        getattr(type(self), name).__set__(self, value)


_FROZEN: Final = {"__setattr__": _refuse, "__delattr__": _refuse, "__getstate__": _state, "__setstate__": _restore}
