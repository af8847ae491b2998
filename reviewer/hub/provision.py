"""What an operator puts in by hand: marketplaces and reference products."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, insert, update

from reviewer.errors import OperatorError
from reviewer.hub.bodies import pointers
from reviewer.hub.references import put_references
from reviewer.hub.schema import marketplaces
from reviewer.hub.shapes import ReferenceProduct

_FORMS = {
    "id": r"[a-z0-9][a-z0-9_-]{0,63}",
    "currency": r"[A-Z]{3}",
    "language": r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*",
    "country": r"[A-Z]{2}",
}
_PRODUCTS = TypeAdapter(list[ReferenceProduct])


def put_marketplace(connection: Connection, marketplace: Mapping[str, str]) -> None:
    """Writes a marketplace (`id`, `name`, `currency`, `language`, `country`); a known one is changed.

    Raises `OperatorError` where a value does not have its form.
    """
    for key, form in _FORMS.items():
        if not re.fullmatch(form, marketplace[key]):
            raise OperatorError(f"The marketplace's {key} can't be {marketplace[key]!r}.")
    changed = connection.execute(
        update(marketplaces).where(marketplaces.c.id == marketplace["id"]).values(**marketplace)
    )
    if not changed.rowcount:
        connection.execute(insert(marketplaces).values(**marketplace))


def put_reference_file(connection: Connection, path: Path) -> int:
    """Writes the reference products of a JSON file (a list of ReferenceProduct) and returns their number.

    Raises `OperatorError` with the place of the first faults where the file is not that.
    """
    try:
        rows: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
        _PRODUCTS.validate_python(rows)
    except OSError as error:
        raise OperatorError(f"{path} can't be read: {error.strerror}.") from None
    except ValidationError as error:
        faults = "; ".join(f"{fault['pointer']}: {fault['detail']}" for fault in pointers(error.errors())[:5])
        raise OperatorError(f"{path} is not a list of reference products: {faults}") from None
    except ValueError as error:
        raise OperatorError(f"{path} is not JSON: {error}.") from None
    put_references(connection, [(row, {}) for row in rows])
    return len(rows)
