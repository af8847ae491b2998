"""What all answers as models are made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from reviewer.hub.messages import SHA256_PATTERN


class Shape(BaseModel):
    """An answer, or a part of one."""

    model_config = ConfigDict(extra="forbid")


Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Digest = Annotated[str, Field(pattern=SHA256_PATTERN)]


class Right(Shape):
    """A registered right."""

    kind: str
    number: str
    sign: str
    office: str
    owner: str
    nice_classes: list[int]
    territories: list[str]
    expires_at: Moment | None
