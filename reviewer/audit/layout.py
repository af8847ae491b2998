"""The tables and views of an audit pack, format 1: what each column is, in the order in which rows are sealed.

Every row has its part (one for each pack that was merged in) and its number within table and part, from 1.  The
rows of `decisions`, `texts` and `cases` go together: the same number, the same decision.
"""

from __future__ import annotations

from reviewer.audit.verifier import DECIDED

#: Column to type.  Times are RFC 3339 in UTC; a missing text is empty, a missing number or time is NULL.
TABLES: dict[str, dict[str, str]] = {
    "chain": {"log": "TEXT", "sequence": "INTEGER", "previous": "TEXT", "content": "TEXT", "digest": "TEXT"},
    "decisions": {
        "log": "TEXT",
        "sequence": "INTEGER",
        **dict.fromkeys(DECIDED, "TEXT"),
        "seconds": "REAL",
        "measure_days": "INTEGER",
        "lease_token": "INTEGER",
        "reviewer_name": "TEXT",
        "delivery": "TEXT",
    },
    "texts": {"log": "TEXT", "sequence": "INTEGER", "salt": "BLOB", "body": "TEXT"},
    "cases": {
        "log": "TEXT",
        "sequence": "INTEGER",
        "marketplace": "TEXT",
        "title": "TEXT",
        "opened_at": "TEXT",
        "due_at": "TEXT",
        "source": "TEXT",
        "reason": "TEXT",
        "claimant": "TEXT",
        "flags": "TEXT",
        "seller_id": "TEXT",
        "seller_name": "TEXT",
        "seller_country": "TEXT",
        "seller_standing": "TEXT",
        "units_sold": "INTEGER",
        "due_measure": "TEXT",
        "references": "TEXT",
    },
    "revisions": {
        "marketplace": "TEXT",
        "listing_id": "TEXT",
        "revision": "TEXT",
        "seen_at": "TEXT",
        "title": "TEXT",
        "description": "TEXT",
        "brand": "TEXT",
        "category": "TEXT",
        "price": "TEXT",
        "currency": "TEXT",
        "country": "TEXT",
        "language": "TEXT",
        "units_sold": "INTEGER",
        "pictures": "TEXT",
    },
    "pictures": {
        "sha256": "TEXT",
        "media_type": "TEXT",
        "stored": "TEXT",
        "bytes": "BLOB",
    },
    "matches": {
        "log": "TEXT",
        "sequence": "INTEGER",
        "picture": "TEXT",
        "other": "TEXT",
        "source": "TEXT",
        "source_id": "TEXT",
        "method": "TEXT",
        "distance": "INTEGER",
    },
    "policies": {"version": "TEXT", "body": "TEXT"},
    "statements": {"id": "TEXT", "decision_id": "TEXT", "at": "TEXT", "body": "TEXT"},
    "appeals": {
        "id": "TEXT",
        "decision_id": "TEXT",
        "by": "TEXT",
        "filed_at": "TEXT",
        "ruled_at": "TEXT",
        "outcome": "TEXT",
    },
    "notices": {
        "id": "TEXT",
        "marketplace": "TEXT",
        "source": "TEXT",
        "claimant": "TEXT",
        "ground": "TEXT",
        "listing_id": "TEXT",
        "at": "TEXT",
        "settled_at": "TEXT",
        "outcome": "TEXT",
        "automated": "INTEGER",
    },
    "opinions": {
        "decision_id": "TEXT",
        "sample": "TEXT",
        "auditor": "TEXT",
        "at": "TEXT",
        "verdict": "TEXT",
        "kind": "TEXT",
        "ground": "TEXT",
        "note": "TEXT",
        "blind": "INTEGER",
        "golden": "INTEGER",
        "seconds": "REAL",
    },
    "figures": {"month": "TEXT", "marketplace": "TEXT", "name": "TEXT", "value": "INTEGER"},
    "referrals": {
        "id": "TEXT",
        "at": "TEXT",
        "authority": "TEXT",
        "country": "TEXT",
        "ground": "TEXT",
        "outcome": "TEXT",
        "outcome_at": "TEXT",
    },
    "keys": {
        "log": "TEXT",
        "name": "TEXT",
        "role": "TEXT",
        "key": "TEXT",
        "at": "TEXT",
        "by": "TEXT",
        "signature": "BLOB",
    },
    "checkpoints": {
        "log": "TEXT",
        "size": "INTEGER",
        "root": "TEXT",
        "at": "TEXT",
        "key": "TEXT",
        "signature": "BLOB",
    },
    "witnesses": {
        "log": "TEXT",
        "size": "INTEGER",
        "root": "TEXT",
        "at": "TEXT",
        "key": "TEXT",
        "signature": "BLOB",
    },
    "revocations": {"log": "TEXT", "key": "TEXT", "at": "TEXT", "by": "TEXT"},
    "refusals": {
        "log": "TEXT",
        "size": "INTEGER",
        "root": "TEXT",
        "key": "TEXT",
        "at": "TEXT",
        "reason": "TEXT",
    },
    "receipts": {
        "decision_id": "TEXT",
        "received_at": "TEXT",
        "status": "TEXT",
        "detail": "TEXT",
        "effects": "TEXT",
    },
    "measures": {
        "decision_id": "TEXT",
        "kind": "TEXT",
        "scope": "TEXT",
        "seller_id": "TEXT",
        "listing_id": "TEXT",
        "starts_at": "TEXT",
        "ends_at": "TEXT",
        "undone": "INTEGER",
        "rule": "TEXT",
    },
    "proofs": {
        "id": "TEXT",
        "decision_id": "TEXT",
        "listing_id": "TEXT",
        "seller_id": "TEXT",
        "brand": "TEXT",
        "state": "TEXT",
        "requested_at": "TEXT",
        "due_at": "TEXT",
        "submitted_at": "TEXT",
        "judged_at": "TEXT",
        "reason": "TEXT",
        "valid_until": "TEXT",
        "removed_at": "TEXT",
    },
    "offences": {
        "decision_id": "TEXT",
        "seller_id": "TEXT",
        "at": "TEXT",
        "kind": "TEXT",
        "ground": "TEXT",
        "points": "INTEGER",
        "expires_at": "TEXT",
        "overturned": "INTEGER",
    },
}

# A pack has no index, which nothing would seal, and SQLite makes none for these tables by itself: where a view looks
# decisions up by id, the few that it needs are first taken out (LIMIT -1 keeps the query from being flattened).
_VIEWS = """
CREATE VIEW a_decision AS
SELECT d.decided_at, d.kind, d.ground, c.title, c.marketplace, c.seller_name, d.reviewer_name, d.seconds,
  c.source, (SELECT group_concat(value, ' ') FROM json_each(t.body, '$.facts')) AS facts,
  json_extract(t.body, '$.note') AS note, d.measure, d.delivery, c.units_sold,
  d.policy_version, d.id, d.supersedes, d.log, d.sequence, d.case_id, d.listing_id, d.revision
FROM decisions d JOIN cases c ON c.part = d.part AND c.row = d.row JOIN texts t ON t.part = d.part AND t.row = d.row
ORDER BY d.part, d.row;
CREATE VIEW a_month AS
SELECT substr(decided_at, 1, 7) AS month, count(*) AS decisions, sum(kind = 'takedown') AS takedowns,
  sum(kind = 'warn') AS warnings, sum(kind = 'restrict') AS restrictions, sum(kind = 'clear') AS cleared,
  round(avg(seconds), 1) AS seconds_each
FROM decisions GROUP BY 1 ORDER BY 1;
CREATE VIEW a_reviewer AS
SELECT reviewer_name, count(*) AS decisions, round(avg(seconds), 1) AS seconds_each,
  round(100.0 * avg(kind = 'clear'), 1) AS percent_cleared
FROM decisions GROUP BY reviewer_name ORDER BY 2 DESC;
CREATE VIEW a_ground AS
SELECT ground, kind, count(*) AS decisions FROM decisions WHERE ground <> '' GROUP BY 1, 2 ORDER BY 3 DESC;
CREATE VIEW an_appeal AS
SELECT a.filed_at, a."by", a.outcome, a.ruled_at, d.kind, d.ground, d.reviewer_name, d.decided_at, d.id AS decision_id
FROM appeals a JOIN (SELECT id, kind, ground, reviewer_name, decided_at FROM decisions
  WHERE id IN (SELECT decision_id FROM appeals) LIMIT -1) d ON d.id = a.decision_id ORDER BY a.filed_at;
CREATE VIEW an_opinion AS
SELECT o.at, o.auditor, o.verdict, d.kind AS decided, o.kind AS auditor_decided, d.ground, o.ground AS auditor_ground,
  o.note, o.blind, o.golden, d.reviewer_name, d.id AS decision_id
FROM opinions o JOIN (SELECT id, kind, ground, reviewer_name FROM decisions
  WHERE id IN (SELECT decision_id FROM opinions) LIMIT -1) d ON d.id = o.decision_id ORDER BY o.at;
CREATE VIEW a_log AS
SELECT c.log, max(c.sequence) AS "rows", (SELECT count(*) FROM decisions d WHERE d.log = c.log) AS decisions,
  (SELECT max(p.size) FROM checkpoints p WHERE p.log = c.log) AS signed_up_to,
  (SELECT max(w.size) FROM witnesses w WHERE w.log = c.log) AS countersigned_up_to,
  (SELECT max(w.at) FROM witnesses w WHERE w.log = c.log) AS countersigned_at,
  (SELECT count(*) FROM refusals r WHERE r.log = c.log) AS heads_refused
FROM chain c GROUP BY c.log;
CREATE VIEW an_offence AS
SELECT o.at, o.ground, o.kind, o.points, o.expires_at, o.overturned, d.reviewer_name, o.seller_id, o.decision_id
FROM offences o LEFT JOIN (SELECT id, reviewer_name FROM decisions
  WHERE id IN (SELECT decision_id FROM offences) LIMIT -1) d ON d.id = o.decision_id ORDER BY o.at;
CREATE VIEW a_statement AS
SELECT s.at, json_extract(s.body, '$.decision_ground') AS decision_ground,
  json_extract(s.body, '$.incompatible_content_ground') AS house_rule,
  json_extract(s.body, '$.illegal_content_legal_ground') AS law,
  json_extract(s.body, '$.decision_facts') AS facts, s.id, s.decision_id
FROM statements s ORDER BY s.part, s.row;
CREATE VIEW about AS
SELECT m.part, json_extract(m.body, '$.created_at') AS created_at, json_extract(m.body, '$.title') AS title,
  json_extract(m.body, '$.scope') AS scope, m.key AS exporter FROM manifest m;
"""


def _columns(columns: dict[str, str]) -> str:
    return ", ".join(f'"{name}" {kind}' for name, kind in columns.items())


def schema() -> list[str]:
    """The statements that make an empty pack; a pack that declares anything else is refused."""
    made = [
        f"CREATE TABLE {name} (part INTEGER, row INTEGER, {_columns(columns)}, PRIMARY KEY (part, row)) WITHOUT ROWID"
        for name, columns in TABLES.items()
    ]
    made.append("CREATE TABLE manifest (part INTEGER PRIMARY KEY, body BLOB, key TEXT, signature BLOB)")
    made.append(
        "CREATE TABLE seals (part INTEGER, table_name TEXT, block INTEGER, digests BLOB,"
        " PRIMARY KEY (part, table_name, block)) WITHOUT ROWID"
    )
    made += [view.strip() for view in _VIEWS.split(";") if view.strip()]
    return made
