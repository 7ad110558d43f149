"""Results: what one experiment's records hold, by name and type."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from imc.errors import UserError


class Result(BaseModel):
    """Base of every result class.

    Its fields are the metrics of a record, in their order; those that hold further metrics are results of
    their own. A field that not every record has, as that of an option, is None where it is missing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    @classmethod
    def of(cls, metrics: Any, where: object) -> Self:
        """`metrics` as this class has them; `where` is the record that they come from.

        Raises:
            UserError: naming the first metric that is missing, unknown or of another type.
        """
        try:
            return cls.model_validate(metrics)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"]) or "metrics"
            raise UserError(f"{where} is no {cls.__name__}: {name}: {first['msg'].lower()}") from None

    def metrics(self) -> dict[str, Any]:
        """As a record holds them: without what is missing."""
        return self.model_dump(exclude_unset=True)
