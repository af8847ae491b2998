"""The schema, step by step.  Each step and its record are one transaction; released steps never change."""

from __future__ import annotations

import sqlite_utils
from sqlite_utils.migrations import Migrations

from reviewer.failpoints import failpoint

SCHEMA = Migrations("workstation")

_INITIAL = """
CREATE TABLE account (
  id TEXT PRIMARY KEY,
  connector TEXT NOT NULL,
  name TEXT NOT NULL,
  settings TEXT NOT NULL,
  service BLOB,
  removed_at TEXT
);
CREATE TABLE cursor (account TEXT NOT NULL, kind TEXT NOT NULL, cursor TEXT, PRIMARY KEY (account, kind));
CREATE TABLE policy (account TEXT NOT NULL, version TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (account, version));

-- Cases that were leased to this desk.  `place` orders them: the least is next.
CREATE TABLE desk_case (
  account TEXT NOT NULL,
  case_id TEXT NOT NULL,
  place INTEGER NOT NULL,
  lease_id TEXT NOT NULL,
  lease_token INTEGER NOT NULL,
  lease_until TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('held', 'lost', 'given_back', 'done')),
  revision TEXT NOT NULL,
  fetched_at TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (account, case_id)
) WITHOUT ROWID;
CREATE INDEX desk_case_state ON desk_case (state, place);
CREATE TABLE listing_revision (
  account TEXT NOT NULL,
  listing_id TEXT NOT NULL,
  revision TEXT NOT NULL,
  seen_at TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (account, listing_id, revision)
) WITHOUT ROWID;
CREATE TABLE draft (
  account TEXT NOT NULL,
  case_id TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (account, case_id)
) WITHOUT ROWID;

-- Decisions, outbox and audit rows come into being together and agree one to one.
CREATE TABLE decision (
  sequence INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  account TEXT NOT NULL,
  reviewer TEXT NOT NULL,
  case_id TEXT NOT NULL,
  listing_id TEXT NOT NULL,
  title TEXT NOT NULL,
  revision TEXT NOT NULL,
  kind TEXT NOT NULL,
  ground TEXT NOT NULL,
  decided_at TEXT NOT NULL,
  seconds REAL NOT NULL,
  supersedes TEXT,
  commitment TEXT NOT NULL,
  body BLOB NOT NULL
);
CREATE INDEX decision_case ON decision (account, case_id);
CREATE INDEX decision_supersedes ON decision (supersedes) WHERE supersedes IS NOT NULL;
-- Free text may be erased; the decision keeps the commitment: SHA-256 over salt and text.
CREATE TABLE decision_text (sequence INTEGER PRIMARY KEY REFERENCES decision (sequence), salt BLOB, body BLOB);
CREATE TABLE outbox (
  sequence INTEGER PRIMARY KEY REFERENCES decision (sequence),
  account TEXT NOT NULL,
  listing_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'settled', 'withdrawn', 'parked')),
  body BLOB,
  digest TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  last_error TEXT NOT NULL DEFAULT '',
  receipt BLOB
);
CREATE INDEX outbox_open ON outbox (account, listing_id, sequence) WHERE state IN ('waiting', 'sending');
CREATE TABLE audit (
  sequence INTEGER PRIMARY KEY REFERENCES decision (sequence),
  previous TEXT NOT NULL,
  content BLOB NOT NULL,
  digest TEXT NOT NULL
);
CREATE TABLE inbox (
  id INTEGER PRIMARY KEY,
  sequence INTEGER NOT NULL UNIQUE REFERENCES decision (sequence),
  status TEXT NOT NULL,
  detail TEXT NOT NULL,
  at TEXT NOT NULL,
  resolved_at TEXT,
  resolution TEXT NOT NULL DEFAULT ''
);
CREATE INDEX inbox_open ON inbox (id) WHERE resolved_at IS NULL;
CREATE TRIGGER decision_is_kept BEFORE DELETE ON decision
BEGIN SELECT RAISE(ABORT, 'decisions are never deleted'); END;
CREATE TRIGGER decision_is_final BEFORE UPDATE ON decision
BEGIN SELECT RAISE(ABORT, 'decisions are never changed'); END;
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit rows are never deleted'); END;
CREATE TRIGGER audit_is_final BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END;
CREATE TRIGGER outbox_is_kept BEFORE DELETE ON outbox BEGIN SELECT RAISE(ABORT, 'outbox rows are never deleted'); END;
CREATE TRIGGER outbox_bytes_are_final BEFORE UPDATE OF body, digest, sequence ON outbox
WHEN new.digest <> old.digest OR new.sequence <> old.sequence
  OR (new.body IS NOT old.body AND NOT (new.body IS NULL AND new.state IN ('settled', 'withdrawn')))
BEGIN SELECT RAISE(ABORT, 'the bytes of a decision are never changed'); END;
CREATE TRIGGER outbox_settled_is_final BEFORE UPDATE OF state ON outbox
WHEN old.state IN ('settled', 'withdrawn') AND new.state <> old.state
BEGIN SELECT RAISE(ABORT, 'a settled decision stays settled'); END;

-- Server truth and what is pending here, as one picture.
CREATE VIEW standing_decision AS
SELECT d.sequence, d.id, d.account, d.case_id, d.kind, d.ground, d.decided_at, d.seconds, o.state AS delivery
FROM decision d JOIN outbox o ON o.sequence = d.sequence
WHERE d.kind <> 'withdraw' AND o.state IN ('waiting', 'sending', 'settled')
  AND NOT EXISTS (
    SELECT 1 FROM decision later JOIN outbox sent ON sent.sequence = later.sequence
    WHERE later.supersedes = d.id AND sent.state <> 'parked');

CREATE TABLE picture (
  sha256 TEXT PRIMARY KEY,
  size INTEGER NOT NULL,
  fetched_at TEXT NOT NULL,
  algorithm TEXT NOT NULL DEFAULT '',
  fingerprint BLOB,
  refused TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE TABLE kept (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

-- The mirror of every open case, for the queue table.
CREATE TABLE queue_row (
  id INTEGER PRIMARY KEY,
  account TEXT NOT NULL,
  case_id TEXT NOT NULL,
  marketplace TEXT NOT NULL,
  state TEXT NOT NULL,
  priority INTEGER NOT NULL,
  due_at TEXT NOT NULL,
  title TEXT NOT NULL,
  brand TEXT NOT NULL,
  category TEXT NOT NULL,
  seller_id TEXT NOT NULL,
  seller_name TEXT NOT NULL,
  standing TEXT NOT NULL,
  ground TEXT NOT NULL,
  source TEXT NOT NULL,
  flags INTEGER NOT NULL,
  price TEXT,
  currency TEXT,
  price_sort REAL,
  language TEXT NOT NULL,
  leased_by TEXT NOT NULL,
  UNIQUE (account, case_id)
);
CREATE INDEX queue_urgency ON queue_row (priority DESC, due_at, id);
CREATE INDEX queue_due ON queue_row (due_at, id);
CREATE INDEX queue_marketplace ON queue_row (marketplace, priority DESC, due_at, id);
CREATE INDEX queue_ground ON queue_row (ground, priority DESC, due_at, id);
CREATE INDEX queue_source ON queue_row (source, priority DESC, due_at, id);
CREATE INDEX queue_state ON queue_row (state, priority DESC, due_at, id);
CREATE INDEX queue_standing ON queue_row (standing, priority DESC, due_at, id);
CREATE INDEX queue_seller ON queue_row (seller_id, priority DESC, due_at, id);
CREATE INDEX queue_title ON queue_row (title, id);
CREATE INDEX queue_brand ON queue_row (brand, id);
CREATE INDEX queue_seller_name ON queue_row (seller_name, id);
CREATE INDEX queue_price ON queue_row (price_sort, id);
CREATE VIRTUAL TABLE queue_text USING fts5(
  title, brand, seller_name, case_id, content='queue_row', content_rowid='id', tokenize='trigram');
CREATE TRIGGER queue_row_added AFTER INSERT ON queue_row BEGIN
  INSERT INTO queue_text (rowid, title, brand, seller_name, case_id)
  VALUES (new.id, new.title, new.brand, new.seller_name, new.case_id);
END;
CREATE TRIGGER queue_row_removed AFTER DELETE ON queue_row BEGIN
  INSERT INTO queue_text (queue_text, rowid, title, brand, seller_name, case_id)
  VALUES ('delete', old.id, old.title, old.brand, old.seller_name, old.case_id);
END;
CREATE TRIGGER queue_row_changed AFTER UPDATE OF title, brand, seller_name, case_id ON queue_row BEGIN
  INSERT INTO queue_text (queue_text, rowid, title, brand, seller_name, case_id)
  VALUES ('delete', old.id, old.title, old.brand, old.seller_name, old.case_id);
  INSERT INTO queue_text (rowid, title, brand, seller_name, case_id)
  VALUES (new.id, new.title, new.brand, new.seller_name, new.case_id);
END;
"""


@SCHEMA()
def initial(database: sqlite_utils.Database) -> None:
    """Accounts, cases, decisions with outbox and audit, drafts, pictures, the queue's mirror."""
    run_script(database, _INITIAL)


@SCHEMA()
def queue_facets(database: sqlite_utils.Database) -> None:
    """An index that alone answers how many rows a filter over several columns leaves."""
    run_script(
        database,
        "CREATE INDEX queue_facets ON queue_row (ground, state, marketplace, source, standing, due_at);",
    )


_EVIDENCE = """
-- Codes of pictures: n x 32 bytes for PDQ.  `id` is their name in the index beside the store.
CREATE TABLE picture_code (
  id INTEGER PRIMARY KEY,
  picture TEXT NOT NULL,
  algorithm TEXT NOT NULL,
  version INTEGER NOT NULL,
  quality INTEGER NOT NULL,
  codes BLOB NOT NULL,
  UNIQUE (picture, algorithm, version)
);
-- What the evidence process said of two pictures under which thresholds; only matches are kept.
CREATE TABLE picture_match (
  picture TEXT NOT NULL,
  other TEXT NOT NULL,
  version TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (picture, other, version)
) WITHOUT ROWID;
CREATE INDEX picture_match_other ON picture_match (other, picture);
-- Which candidates a picture was compared with: another set is compared anew.
CREATE TABLE picture_compared (
  picture TEXT PRIMARY KEY,
  candidates TEXT NOT NULL
) WITHOUT ROWID;
-- The banks as the account's server serves them, and what decisions of this desk put there before it does.
CREATE TABLE bank_entry (
  account TEXT NOT NULL,
  id TEXT NOT NULL,
  bank TEXT NOT NULL CHECK (bank IN ('infringing', 'negative')),
  picture TEXT NOT NULL,
  other TEXT NOT NULL,
  seller_id TEXT NOT NULL,
  listing_id TEXT NOT NULL,
  decision_id TEXT NOT NULL,
  removed INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (account, id)
) WITHOUT ROWID;
CREATE INDEX bank_entry_picture ON bank_entry (picture, bank);
CREATE INDEX bank_entry_decision ON bank_entry (decision_id);
CREATE INDEX bank_entry_seller ON bank_entry (seller_id) WHERE bank = 'infringing';
CREATE TABLE reference_product (
  account TEXT NOT NULL,
  id TEXT NOT NULL,
  brand TEXT NOT NULL,
  category TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (account, id)
) WITHOUT ROWID;
CREATE INDEX reference_product_brand ON reference_product (account, brand, category);
CREATE TABLE reference_picture (
  account TEXT NOT NULL,
  picture TEXT NOT NULL,
  reference_id TEXT NOT NULL,
  PRIMARY KEY (picture, account, reference_id)
) WITHOUT ROWID;
CREATE INDEX reference_picture_product ON reference_picture (account, reference_id);
-- The pictures of listings that were decided at this desk.
CREATE TABLE decided_picture (
  picture TEXT NOT NULL,
  decision_id TEXT NOT NULL,
  PRIMARY KEY (picture, decision_id)
) WITHOUT ROWID;
"""


@SCHEMA()
def picture_evidence(database: sqlite_utils.Database) -> None:
    """Codes, matches, the banks, the reference products, and the pictures of decided listings."""
    run_script(database, _EVIDENCE)


_CHECKPOINTS = """
-- Signed heads (RFC 6962) over the audit rows; `peaks` is what the tree goes on from.
CREATE TABLE checkpoint (
  size INTEGER PRIMARY KEY,
  root TEXT NOT NULL,
  at TEXT NOT NULL,
  key TEXT NOT NULL,
  signature BLOB NOT NULL,
  peaks BLOB NOT NULL
);
CREATE TRIGGER checkpoint_is_kept BEFORE DELETE ON checkpoint
BEGIN SELECT RAISE(ABORT, 'checkpoints are never deleted'); END;
CREATE TRIGGER checkpoint_is_final BEFORE UPDATE ON checkpoint
BEGIN SELECT RAISE(ABORT, 'checkpoints are never changed'); END;
"""


@SCHEMA()
def signed_checkpoints(database: sqlite_utils.Database) -> None:
    """Signed heads over the audit rows."""
    run_script(database, _CHECKPOINTS)


_AUDIT = """
-- A server's word for the key of this log, its signatures on heads, and decisions that auditors sent back.
CREATE TABLE enrolment (account TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE countersignature (
  account TEXT NOT NULL,
  size INTEGER NOT NULL,
  root TEXT NOT NULL,
  at TEXT NOT NULL,
  key TEXT NOT NULL,
  signature BLOB NOT NULL,
  PRIMARY KEY (account, size)
) WITHOUT ROWID;
CREATE TRIGGER countersignature_is_kept BEFORE DELETE ON countersignature
BEGIN SELECT RAISE(ABORT, 'countersignatures are never deleted'); END;
CREATE TRIGGER countersignature_is_final BEFORE UPDATE ON countersignature
BEGIN SELECT RAISE(ABORT, 'countersignatures are never changed'); END;
CREATE TABLE returned_case (
  number INTEGER PRIMARY KEY,
  account TEXT NOT NULL,
  id TEXT NOT NULL,
  decision_id TEXT NOT NULL,
  case_id TEXT NOT NULL,
  auditor TEXT NOT NULL,
  at TEXT NOT NULL,
  verdict TEXT NOT NULL,
  kind TEXT NOT NULL,
  ground TEXT NOT NULL,
  note TEXT NOT NULL,
  received_at TEXT NOT NULL,
  resolved_at TEXT,
  resolution TEXT NOT NULL DEFAULT '',
  corrected_by TEXT NOT NULL DEFAULT '',
  told_at TEXT,
  UNIQUE (account, id)
);
CREATE INDEX returned_case_open ON returned_case (account, case_id) WHERE resolved_at IS NULL;
"""


@SCHEMA()
def audit_by_servers(database: sqlite_utils.Database) -> None:
    """Enrolments, countersignatures, returned cases."""
    run_script(database, _AUDIT)


_URGENCY = """
-- The order of the queue (`domain.urgency`) as a number; cases from before are told again with the next reading.
ALTER TABLE queue_row ADD COLUMN severity INTEGER NOT NULL DEFAULT 3;
ALTER TABLE queue_row ADD COLUMN reach INTEGER NOT NULL DEFAULT 0;
ALTER TABLE queue_row ADD COLUMN trust INTEGER NOT NULL DEFAULT 0;
ALTER TABLE queue_row ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;
UPDATE queue_row SET rank =
  ((4095 - min(max(priority, 0) / 100, 4095)) << 43)
  + (min(coalesce(strftime('%s', due_at), 0) / 3600, 1048575) << 23)
  + (4 << 20) + (15 << 16) + (7 << 13) + ((127 - max(priority, 0) % 100) << 6)
  + coalesce(strftime('%s', due_at), 0) / 60 % 60;
DELETE FROM cursor WHERE kind = 'changes';
DROP INDEX queue_urgency;
DROP INDEX queue_marketplace;
DROP INDEX queue_ground;
DROP INDEX queue_source;
DROP INDEX queue_state;
DROP INDEX queue_standing;
DROP INDEX queue_seller;
CREATE INDEX queue_urgency ON queue_row (rank, id);
CREATE INDEX queue_marketplace ON queue_row (marketplace, rank, id);
CREATE INDEX queue_ground ON queue_row (ground, rank, id);
CREATE INDEX queue_source ON queue_row (source, rank, id);
CREATE INDEX queue_state ON queue_row (state, rank, id);
CREATE INDEX queue_standing ON queue_row (standing, rank, id);
CREATE INDEX queue_seller ON queue_row (seller_id, rank, id);
"""


@SCHEMA()
def queue_rank(database: sqlite_utils.Database) -> None:
    """The queue in the order of due time, severity, reach and trust."""
    run_script(database, _URGENCY)


_DOSSIERS = """
-- What servers told of sellers, as they told it: the newest of each, shown with its age while offline.
CREATE TABLE dossier (
  account TEXT NOT NULL,
  seller_id TEXT NOT NULL,
  fetched_at TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (account, seller_id)
) WITHOUT ROWID;
-- A person's own notes on sellers.  The text may be erased; that there was a note is not.
CREATE TABLE seller_note (
  id INTEGER PRIMARY KEY,
  account TEXT NOT NULL,
  seller_id TEXT NOT NULL,
  reviewer TEXT NOT NULL,
  at TEXT NOT NULL,
  body TEXT
);
CREATE INDEX seller_note_seller ON seller_note (account, seller_id, id);
CREATE TRIGGER seller_note_is_kept BEFORE DELETE ON seller_note
BEGIN SELECT RAISE(ABORT, 'notes on sellers are never deleted'); END;
CREATE TRIGGER seller_note_is_final BEFORE UPDATE ON seller_note
WHEN new.body IS NOT NULL OR new.at <> old.at OR new.seller_id <> old.seller_id OR new.reviewer <> old.reviewer
BEGIN SELECT RAISE(ABORT, 'a note on a seller is erased or stays as it is'); END;
-- What a category usually costs, as each account's server reckoned it.
CREATE TABLE category_price (
  account TEXT NOT NULL,
  category TEXT NOT NULL,
  currency TEXT NOT NULL,
  amount TEXT NOT NULL,
  listings INTEGER NOT NULL,
  PRIMARY KEY (account, category, currency)
) WITHOUT ROWID;
"""


@SCHEMA()
def dossiers(database: sqlite_utils.Database) -> None:
    """Kept dossiers, own notes on sellers, usual prices."""
    run_script(database, _DOSSIERS)


_NEAR_CASES = """
CREATE TABLE near_case (
  account TEXT NOT NULL,
  picture TEXT NOT NULL,
  case_id TEXT NOT NULL,
  other TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (picture, account, case_id)
) WITHOUT ROWID;
"""


@SCHEMA()
def near_cases(database: sqlite_utils.Database) -> None:
    """Open cases with near pictures, as the accounts' servers told."""
    run_script(database, _NEAR_CASES)


def run_script(database: sqlite_utils.Database, script: str) -> None:
    """Run the statements of a script inside the transaction that is open (executescript would commit it)."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if _is_whole(statement):
            if statement.strip():
                database.execute(statement)
                failpoint("C16")
            statement = ""


def _is_whole(statement: str) -> bool:
    code = "\n".join(line for line in statement.splitlines() if not line.lstrip().startswith("--")).strip()
    if not code.endswith(";"):
        return False
    return not code.startswith("CREATE TRIGGER") or code.endswith("END;")
