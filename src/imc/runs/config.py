"""Configurations: what one run computes, validated before any work."""

import difflib
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal, Self, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError

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
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=False, validate_default=True, allow_inf_nan=False
    )

    smoke: ClassVar[Mapping[str, Any]] = {}

    seed: int = Field(0, ge=0, lt=2**32, description="first seed of the run")
    effort: Effort = Field("full", description="full: published; smoke: seconds, on stand-in data")

    @classmethod
    def build(cls, **values: Any) -> Self:
        """A validated configuration: defaults of the effort, replaced by `values`.

        Raises:
            UserError: naming the field, what it was and what is allowed.
        """
        defaults = cls.smoke if values.get("effort") == "smoke" else {}
        try:
            return cls(**{**defaults, **values})
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
        field = cls.model_fields.get(name)
        if field is None or get_origin(field.annotation) is not tuple:
            return text
        return [part.strip() for part in text.strip("()[]").split(",") if part.strip()]

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with other values, validated as `build` does; pydantic's own takes whatever it is given."""
        return self.build(**{**self.model_dump(), **(update or {})})

    def given(self) -> dict[str, Any]:
        """The fields that differ from the defaults of this effort, in the order of their definition."""
        base = type(self).build(effort=self.effort)
        mine, theirs = self.model_dump(mode="json"), base.model_dump(mode="json")
        return {k: v for k, v in mine.items() if v != theirs[k]}

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
    name = ".".join(str(part) for part in first["loc"]) or cls.__name__
    if first["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name, cls.model_fields, 1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        fields = ", ".join(cls.model_fields)
        return f"{cls.__name__} has no field '{_short(name)}'{hint}; its fields are {fields}"
    message = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if not first["loc"]:  # fields that do not go together
        return f"{cls.__name__} should have {message}"
    return f"{name} = {_short(repr(first['input']))} in {cls.__name__}: it should be {message}"


def _short(text: str) -> str:
    """As much of `text` as a sentence holds, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."
