"""Past offences with what was done about them, read from a hub's database without changing it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, create_engine, select
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from reviewer.domain.decision import Measure, MeasureKind
from reviewer.domain.seller import Offence
from reviewer.domain.values import parse_time
from reviewer.errors import OperatorError
from reviewer.hub.schema import measures, offences
from reviewer.policy.simulation import KINDS, PastOffence


def read_history(place: str) -> list[PastOffence]:
    """All offences of a hub, oldest first: from its data folder, its SQLite file, or a URL of PostgreSQL.

    The database is opened for reading only.  Raises `OperatorError` where there is no hub's database.
    """
    if "://" in place:
        url = place
    else:
        path = Path(place)
        file = path / "hub.db" if path.is_dir() else path
        if not file.is_file():
            raise OperatorError(f"{file} is not there: give a hub's data folder, its hub.db, or its database URL.")
        url = f"sqlite:///file:{file.resolve()}?mode=ro&uri=true"
    try:
        engine = create_engine(url)
        with engine.connect() as connection:
            found = _read(connection)
        engine.dispose()
    except (SQLAlchemyError, ArgumentError, ModuleNotFoundError) as error:
        raise OperatorError(f"{place} can't be read as a hub's database.", detail=str(error)) from None
    return found


def _read(connection: Connection) -> list[PastOffence]:
    columns = [
        offences.c[name] for name in ("decision_id", "seller_id", "at", "kind", "ground", "points", "overturned")
    ]
    rows = connection.execute(select(*columns).order_by(offences.c.at, offences.c.decision_id)).all()
    done: dict[str, Measure] = {}
    for row in connection.execute(
        select(measures.c.decision_id, measures.c.kind, measures.c.scope, measures.c.starts_at, measures.c.ends_at)
        .where(measures.c.kind.in_(KINDS[1:]))
        .order_by(measures.c.seq)
    ):
        days = (parse_time(row.ends_at) - parse_time(row.starts_at)).days if row.ends_at else None
        measure = Measure(MeasureKind(row.kind), row.scope, days)
        known = done.get(row.decision_id)
        if known is None or KINDS.index(measure.kind) > KINDS.index(known.kind):
            done[row.decision_id] = measure
    return [
        PastOffence(
            row.seller_id,
            Offence(
                row.decision_id, parse_time(row.at), row.kind, row.ground, row.points, overturned=bool(row.overturned)
            ),
            done.get(row.decision_id),
        )
        for row in rows
    ]
