"""Where a registered right holds: codes of WIPO ST.3 for unions, the countries in them, and what offices cover."""

from __future__ import annotations

from collections.abc import Iterable

_EU = (
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
)  # fmt: skip
_OAPI = (
    "BF", "BJ", "CF", "CG", "CI", "CM", "GA", "GN", "GQ", "GW",
    "KM", "ML", "MR", "NE", "SN", "TD", "TG",
)  # fmt: skip
#: Unions by the codes that registers use; other codes are countries (ISO 3166-1 alpha-2).
_UNIONS = {"EU": _EU, "EM": _EU, "BX": ("BE", "LU", "NL"), "OA": _OAPI, "UK": ("GB",)}
#: Offices by their usual names, with the code of what they register for.
_OFFICES = {
    "EM": "EU", "UK": "GB", "EUIPO": "EU", "OHIM": "EU", "BOIP": "BX", "OAPI": "OA", "UKIPO": "GB", "USPTO": "US",
    "JPO": "JP", "KIPO": "KR", "MOIP": "KR", "CNIPA": "CN", "TIPO": "TW", "DPMA": "DE", "OEPM": "ES", "UIBM": "IT",
    "IMPI": "MX", "DGIP": "ID", "DJKI": "ID", "DIP": "TH", "IPOS": "SG", "MYIPO": "MY", "IPOPHL": "PH", "CIPO": "CA",
    "ROSPATENT": "RU", "TURKPATENT": "TR", "IPI": "CH",
}  # fmt: skip


def territories_of(office: str) -> tuple[str, ...]:
    """What an office registers for, by its name or its two-letter code; empty where it is not known, such as WIPO."""
    name = office.strip().upper()
    if name in _OFFICES:
        return (_OFFICES[name],)
    return (name,) if len(name) == 2 and name.isalpha() and name not in ("WO", "IB") else ()


def countries_of(territories: Iterable[str]) -> frozenset[str]:
    """The countries in some territories."""
    found: set[str] = set()
    for name in territories:
        code = name.strip().upper()
        found.update(_UNIONS.get(code, (code,)))
    return frozenset(found)
