"""What the tests of proofs and appeals share: documents, and cases that wait for a proof or for a ruling."""

from __future__ import annotations

import uuid
from typing import Any

from reviewer.domain.values import sha256_hex

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def put(hub: Any, data: bytes = PDF) -> str:
    name = sha256_hex(data)
    answer = hub.call("PUT", f"/v1/media/{name}", "service", content=data)
    assert answer.status_code in (200, 201), answer.text
    return name


def paper(hub: Any, data: bytes = PDF, **changes: Any) -> dict[str, Any]:
    return {"sha256": put(hub, data), "kind": "invoice", "name": "invoice.pdf", "issuer": "Norrvik AB"} | changes


def ask(hub: Any, listing: str | None = None, *, seller: str = "s1", **changes: Any) -> dict[str, Any]:
    """Opens a case, asks for proof, and answers the request."""
    case_id = hub.open_case(listing, seller=seller, **changes)
    leased = hub.claim(case_ids=[case_id])[0]
    first = hub.decision(leased, "request_proof", note="Please send the invoice of your supplier.")
    assert hub.decide(first)[0]["status"] == "accepted"
    proof: dict[str, Any] = hub.case(case_id)["proof"]
    return proof | {"request": first}


def send(hub: Any, proof: dict[str, Any], *papers: dict[str, Any], seller: str | None = None) -> Any:
    body = {"seller_id": seller or proof["seller_id"], "documents": list(papers) or [paper(hub)]}
    return hub.call("POST", f"/v1/proofs/{proof['id']}/documents", "service", json=body)


def sent(hub: Any, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A proof whose documents came, and its leased case."""
    proof = ask(hub, **changes)
    assert send(hub, proof).status_code == 200
    (leased,) = hub.claim(kinds=["proof"], case_ids=[proof["case_id"]])
    return proof, leased


def judged(hub: Any, leased: dict[str, Any], kind: str, **changes: Any) -> dict[str, Any]:
    """A decision on a case with documents, which has seen them all."""
    seen = [one["sha256"] for one in leased["case"]["proof"]["documents"]]
    more: dict[str, Any] = {"evidence": seen, "note": "The invoice names another article."}
    if kind == "takedown":
        more["ground"] = "no_proof"
    made: dict[str, Any] = hub.decision(leased, kind, **(more | changes))
    return made


def taken_down(hub: Any, *, who: str = "reviewer", kind: str = "takedown", **changes: Any) -> dict[str, Any]:
    """A decision that stands, made by `who`."""
    case_id = hub.open_case(**changes)
    leased = hub.claim(who, case_ids=[case_id])[0]
    measure = {"kind": "seller_warned", "scope": "all", "days": None} if kind == "takedown" else None
    facts = ["The logo is printed and not stitched."]
    first: dict[str, Any] = hub.decision(leased, kind, measure=measure, facts=facts, note="Clear copy.")
    assert hub.decide(first, who=who)[0]["status"] == "accepted"
    return first


def appeal(hub: Any, first: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "decision_id": first["id"],
        "appellant": "seller",
        "party": "s1",
        "text": "The article is genuine; I enclose the invoice.",
    } | changes


def filed(hub: Any, first: dict[str, Any], **changes: Any) -> dict[str, Any]:
    answer = hub.call("POST", "/v1/appeals", "service", json=appeal(hub, first, **changes))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def ruling(hub: Any, leased: dict[str, Any], kind: str, **changes: Any) -> dict[str, Any]:
    first = leased["case"]["appeal"]["first"]["id"]
    made: dict[str, Any] = hub.decision(leased, kind, supersedes=first, note="Looked at again.", **changes)
    return made


def statements(hub: Any) -> list[dict[str, Any]]:
    """Every statement of reasons that the hub has, in the order of making, each judged as it would be sent."""
    import msgspec
    from sqlalchemy import select

    from reviewer.hub import schema
    from reviewer.hub.transparency import make_all
    from reviewer.policy.statement_schema import judge_outgoing

    make_all(hub.store)
    rows = hub.store.database.read(
        lambda connection: connection.execute(select(schema.statements.c.body).order_by(schema.statements.c.seq)).all()
    )
    bodies = [msgspec.json.decode(row.body) for row in rows]
    assert not [finding for body in bodies for finding in judge_outgoing(body)]
    return bodies
