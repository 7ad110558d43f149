"""Metrics that fit a result class, for tests in which few of them matter."""

from collections.abc import Callable, Mapping
from typing import Any, cast, get_origin

from imc.runs.results import Result


def filled(kind: type[Result], values: Mapping[str, Any]) -> dict[str, Any]:
    """`values`, nested as the metrics of `kind` are, with nought or nothing for all that is needed beside."""
    found = dict(values)
    for name, field in kind.model_fields.items():
        inner = field.annotation
        assert inner
        if isinstance(inner, type) and issubclass(inner, Result):
            found[name] = filled(inner, found.get(name, {}))
        elif field.is_required() and name not in found:
            found[name] = cast(Callable[[], Any], get_origin(inner) or inner)()
    return found
