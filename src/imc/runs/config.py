"""Configurations: what one run computes, validated before any work."""

import difflib
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, ClassVar, Literal, Self, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo

from imc.errors import UserError

Effort = Literal["full", "smoke"]
"""`full` is what is published; `smoke` runs every code path in seconds on the built-in stand-ins."""

_NAME_LIMIT = 100
"""Characters of a record's name."""
_SHOWN = 60
"""Characters of a wrong value that a sentence repeats."""
_DIGEST = 10
"""Hexadecimal digits that stand for what does not fit."""


class Config(BaseModel):
    """Base of every configuration.

    A subclass adds fields with defaults (units in the name or the description) and, in `smoke`, the
    defaults that the smoke effort replaces. Build one with `build` or `parse`, which turn every
    mistake into one sentence.

    What a run builds on, a training or a cell, its configuration holds as a field. Outside, on the command
    line, in names and in records, all fields stand side by side: `build` takes them so, `flat` gives them so.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=False, validate_default=True, allow_inf_nan=False
    )

    smoke: ClassVar[Mapping[str, Any]] = {}

    seed: int = Field(0, ge=0, lt=2**32, description="first seed of the run")
    effort: Effort = Field("full", description="full: published; smoke: seconds, on stand-in data")

    @classmethod
    @cache
    def holds(cls) -> Mapping[str, type["Config"]]:
        """The configurations that it builds on, by the field that holds each."""
        kinds = {name: field.annotation for name, field in cls.model_fields.items()}
        return {n: kind for n, kind in kinds.items() if isinstance(kind, type) and issubclass(kind, Config)}

    @classmethod
    @cache
    def fields(cls) -> Mapping[str, FieldInfo]:
        """All fields side by side, by name; those of a held configuration stand in its place."""
        found: dict[str, FieldInfo] = {}
        for name, field in cls.model_fields.items():
            found |= cls.holds()[name].fields() if name in cls.holds() else {name: field}
        return found

    @classmethod
    def smoke_values(cls) -> dict[str, Any]:
        """`smoke`, with that of the configurations that it holds."""
        return {n: v for kind in cls.holds().values() for n, v in kind.smoke_values().items()} | {**cls.smoke}

    @classmethod
    def defaults(cls, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """What takes the place of the fields' own defaults beside these `values`."""
        return cls.smoke if values.get("effort") == "smoke" else {}

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse a class whose fields could not stand side by side."""
        super().__pydantic_init_subclass__(**kwargs)
        names = Counter(name for name in cls.model_fields if name not in cls.holds())
        for kind in cls.holds().values():
            names.update(set(kind.fields()) - set(Config.model_fields))
        twice = [name for name, times in names.items() if times > 1]
        if twice:
            raise TypeError(f"{cls.__name__} has {', '.join(twice)} twice, itself and in what it holds")

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, values: Any) -> Any:
        """Fill in `defaults`, and hand the held configurations their fields, seed and effort included."""
        if not isinstance(values, Mapping):
            return values
        given = _side_by_side(cls, values)
        given = {**cls.defaults(given), **given}
        nested = {
            name: {n: given[n] for n in given if n in kind.fields()} for name, kind in cls.holds().items()
        }
        theirs = set().union(*nested.values()) - set(cls.model_fields)
        return {n: value for n, value in given.items() if n not in theirs} | nested

    @classmethod
    def build(cls, **values: Any) -> Self:
        """A validated configuration: defaults of the effort, replaced by `values`.

        Raises:
            UserError: naming the field, what it was and what is allowed.
        """
        try:
            return cls(**values)
        except ValidationError as error:
            raise UserError(_one_sentence(cls, error)) from None

    @classmethod
    def parse(cls, items: Iterable[str]) -> Self:
        """`build` from texts ``name=value``, several values ``name=1,2,3``, as the command line gives them.

        Raises:
            UserError: if an item has no ``=``, or as `build` does.
        """
        values: dict[str, Any] = {}
        for item in items:
            name, sign, text = item.partition("=")
            if not sign:
                raise UserError(f"'{item}' is not of the form name=value (for example seeds=2)")
            values[name.strip()] = cls._read(name.strip(), text.strip())
        return cls.build(**values)

    @classmethod
    def _read(cls, name: str, text: str) -> str | list[str]:
        """`text`, or its parts at the commas where the field holds several values."""
        field = cls.fields().get(name)
        if field is None or get_origin(field.annotation) is not tuple:
            return text
        return [part.strip() for part in text.strip("()[]").split(",") if part.strip()]

    def flat(self, mode: Literal["python", "json"] = "python") -> dict[str, Any]:
        """All fields side by side, as `build` takes them; `json`: lists in place of tuples, as records do."""
        found: dict[str, Any] = {}
        for name, value in self.model_dump(mode=mode).items():
            held = getattr(self, name)
            found |= held.flat(mode) if isinstance(held, Config) else {name: value}
        return found

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with other values, validated as `build` does; pydantic's own takes whatever it is given."""
        return self.build(**{**self.flat(), **(update or {})})

    def chosen(self) -> dict[str, Any]:
        """The fields that choose the defaults of others, where `given` says them."""
        held = [getattr(self, name).chosen() for name in self.holds()]
        return {name: value for chosen in held for name, value in chosen.items()}

    def given(self) -> dict[str, Any]:
        """The fields that differ from the defaults of this effort, in the order of their definition.

        Before them stands what has chosen defaults.
        """
        chosen = self.chosen()
        base = type(self).build(effort=self.effort, **chosen).flat("json")
        return chosen | {name: value for name, value in self.flat("json").items() if value != base[name]}

    def slug(self) -> str:
        """A readable file stem: the fields that differ from their defaults, or ``defaults``.

        Of at most 100 characters: a digest of the whole takes the place of the fields that do not fit.
        """
        given = self.given()
        parts = ["smoke"] if self.effort == "smoke" else []
        parts += [f"{name}-{_plain(value)}" for name, value in given.items()]
        stem = "_".join(parts) or "defaults"
        if len(stem) <= _NAME_LIMIT:
            return stem
        rest = f"etc-{hashlib.sha256(json.dumps(given).encode()).hexdigest()[:_DIGEST]}"
        while len("_".join([*parts, rest])) > _NAME_LIMIT:
            parts.pop()
        return "_".join([*parts, rest])


def _side_by_side(kind: type[Config], values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with the fields of what `kind` holds among them, where that was given as a whole."""
    found = dict(values)
    for name, held in kind.holds().items():
        whole = found.pop(name, {})
        if not isinstance(whole, Config | Mapping):
            raise ValueError(f"no value for '{name}', but for its fields")
        inner = whole.flat() if isinstance(whole, Config) else _side_by_side(held, whole)
        found = {**inner, **found}
    return found


def _plain(value: Any) -> str:
    """`value` in characters that every file system takes."""
    if isinstance(value, list):
        return "+".join(_plain(v) for v in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)
    return "".join(c if c.isalnum() or c in ".+-" else "~" for c in text)


def _one_sentence(cls: type[Config], error: ValidationError) -> str:
    first = error.errors()[0]
    where, kind = list(first["loc"]), cls
    while where and where[0] in kind.holds():  # a field is named as it was given, without what holds it
        kind = kind.holds()[str(where.pop(0))]
    name = ".".join(str(part) for part in where) or cls.__name__
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name, cls.fields(), 1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        fields = ", ".join(cls.fields())
        return f"{cls.__name__} has no field '{_short(name)}'{hint}; its fields are {fields}"
    message = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if not where:  # fields that do not go together
        return f"{cls.__name__} should have {message}"
    return f"{name} = {_short(repr(first['input']))} in {cls.__name__}: it should be {message}"


def _short(text: str) -> str:
    """As much of `text` as a sentence holds, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."
