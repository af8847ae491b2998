"""Made-up sellers with believable careers: spotless, new, mixed, repeat offenders, banned and back."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from reviewer.domain.values import sha256_hex
from reviewer.hub.seeding import SeededSeller


@dataclass(frozen=True, slots=True)
class DemoMarketplace:
    """A marketplace of the demo; `offers` are (weight, language, currency, country) of its listings."""

    id: str
    name: str
    currency: str
    language: str
    country: str
    offers: tuple[tuple[int, str, str, str], ...]
    sellers: tuple[tuple[str, str], ...]


MARKETPLACES = (
    DemoMarketplace(
        "hanmaru",
        "Hanmaru Market",
        "KRW",
        "ko",
        "KR",
        ((13, "ko", "KRW", "KR"), (3, "en", "KRW", "KR"), (5, "zh", "KRW", "CN")),
        (
            ("서울리빙샵", "KR"), ("모던데일리", "KR"), ("해피직구몰", "KR"), ("뷰티온유", "KR"), ("미나네옷장", "KR"),
            ("스타일팩토리", "KR"), ("럭스미러", "KR"), ("더굿상회", "KR"), ("캠핑앤고", "KR"), ("한강유통", "KR"),
            ("김지훈", "KR"), ("박서연", "KR"), ("디지털존24", "KR"), ("명품창고 A", "KR"), ("명품창고 B", "KR"),
            ("Busan Sneaker Room", "KR"), ("Hanok Select", "KR"), ("广州潮品仓", "CN"), ("深圳优品数码", "CN"),
            ("义乌小百货", "CN"), ("Mirae Distribution Co.", "KR"), ("오늘의키즈", "KR"), ("라이프핏", "KR"),
        ),
    ),
    DemoMarketplace(
        "pasarlink",
        "PasarLink",
        "IDR",
        "id",
        "ID",
        ((12, "id", "IDR", "ID"), (5, "th", "THB", "TH"), (3, "en", "IDR", "ID"), (2, "zh", "IDR", "CN")),
        (
            ("Toko Sinar Jaya", "ID"), ("Rumah Gadget Bandung", "ID"), ("Mira Beauty Corner", "ID"),
            ("Gudang Branded Murah", "ID"), ("Dewi Lestari", "ID"), ("Bali Outdoor Gear", "ID"),
            ("Jersey Center JKT", "ID"), ("KickZone Surabaya", "ID"), ("PT Nusantara Ritel", "ID"),
            ("Kado Anak Ceria", "ID"), ("Top Mirror Store", "ID"), ("Top Mirror Store 2", "ID"),
            ("Vitamin Sehat Official", "ID"), ("ร้านมะลิบิวตี้", "TH"), ("บางกอกแกดเจ็ต", "TH"), ("แบรนด์เนมมือสอง BKK", "TH"),
            ("Siam Shoes Outlet", "TH"), ("Chiang Mai Leather", "TH"), ("Golden Lion Trading", "CN"),
            ("Ratna Watch Service", "ID"), ("Ardi Pratama", "ID"), ("Lautan Elektronik", "ID"),
        ),
    ),
    DemoMarketplace(
        "mercadia",
        "Mercadía",
        "MXN",
        "es",
        "MX",
        ((16, "es", "MXN", "MX"), (4, "en", "MXN", "US")),
        (
            ("Bazar La Condesa", "MX"), ("Tecno Ahorro MX", "MX"), ("Belleza Lupita", "MX"), ("Outlet Primera", "MX"),
            ("Deportes El Gol", "MX"), ("Pieles León", "MX"), ("Juguetería Pino", "MX"), ("María Fernanda R.", "MX"),
            ("Importadora Pacífico", "MX"), ("Clones Premium GDL", "MX"), ("Clones Premium MTY", "MX"),
            ("Vida Natural Suplementos", "MX"), ("Casa Relojera Ruiz", "MX"), ("Tenis Norte", "MX"),
            ("Regalos Tere", "MX"), ("Distribuidora Andina", "CO"), ("Montaña y Ruta", "MX"),
            ("Global Deals LLC", "US"), ("Border Town Returns", "US"), ("Óptica San Ángel", "MX"),
            ("Carlos Ibarra", "MX"), ("Perfumes Aire", "MX"),
        ),
    ),
)  # fmt: skip

#: Profile: weight, verification states, age in days, live listings, units sold, past offences.
_PROFILES: dict[str, tuple[int, tuple[str, ...], tuple[int, int], tuple[int, int], tuple[int, int]]] = {
    "spotless": (6, ("verified", "verified", "business"), (700, 2900), (20, 900), (400, 60_000)),
    "private": (5, ("verified", "phone_only"), (200, 2400), (1, 9), (0, 40)),
    "new": (4, ("unverified", "phone_only", "pending"), (3, 60), (4, 60), (0, 300)),
    "mixed": (5, ("verified", "business", "phone_only"), (300, 1800), (15, 400), (200, 20_000)),
    "repeat": (4, ("phone_only", "unverified", "verified"), (90, 900), (30, 600), (500, 30_000)),
    "banned": (0, ("rejected",), (300, 900), (0, 0), (2_000, 15_000)),
    "back": (0, ("unverified", "pending"), (4, 40), (10, 80), (20, 900)),
}

#: Accounts of one trader: the first was closed and came back as the second.
_BACK = (
    ("명품창고 A", "명품창고 B"),
    ("Top Mirror Store", "Top Mirror Store 2"),
    ("Clones Premium GDL", "Clones Premium MTY"),
)

#: Names whose bearers could not be anything else.
_FIXED = {
    "김지훈": "private", "박서연": "private", "Dewi Lestari": "private", "Ardi Pratama": "private",
    "María Fernanda R.": "private", "Carlos Ibarra": "private", "Mirae Distribution Co.": "spotless",
    "PT Nusantara Ritel": "spotless", "Casa Relojera Ruiz": "spotless", "럭스미러": "repeat",
    "Gudang Branded Murah": "repeat", "广州潮品仓": "repeat", "Outlet Primera": "mixed", "Hanok Select": "spotless",
    "Óptica San Ángel": "spotless", "แบรนด์เนมมือสอง BKK": "mixed", "Global Deals LLC": "repeat",
}  # fmt: skip


def make_sellers(
    rng: random.Random,
    now: datetime,
    marketplaces: Sequence[DemoMarketplace] = MARKETPLACES,
    back: Sequence[tuple[str, str]] = _BACK,
) -> list[SeededSeller]:
    """Sellers of those marketplaces; the same for the same state of `rng`.

    `back` are names of one trader: the first account was closed and came back as the second.
    """
    gone = {first for first, _ in back}
    returned = {second: first for first, second in back}
    names = [name for name, profile in _PROFILES.items() if profile[0]]
    weights = [_PROFILES[name][0] for name in names]
    made: list[SeededSeller] = []
    for marketplace in marketplaces:
        for number, (shown, country) in enumerate(marketplace.sellers, start=1):
            drawn = rng.choices(names, weights)[0]
            profile = "banned" if shown in gone else "back" if shown in returned else _FIXED.get(shown, drawn)
            _, verification, age, live, sold = _PROFILES[profile]
            trader = returned.get(shown, shown)
            made.append(
                SeededSeller(
                    id=f"{marketplace.id}-seller-{number:02d}",
                    display_name=shown,
                    marketplace=marketplace.id,
                    country=country,
                    joined=now - timedelta(days=rng.randint(*age), minutes=rng.randint(0, 1400)),
                    verification=rng.choice(verification),
                    listings_live=rng.randint(*live),
                    units_sold=rng.randint(*sold),
                    profile=profile,
                    marks=_marks(rng, trader, profile),
                )
            )
    return made


def _marks(rng: random.Random, trader: str, profile: str) -> dict[str, str]:
    """Hashes of what an account shares with the trader's others; a few repeat offenders share a device."""
    marks = {"bank": sha256_hex(f"bank of {trader}".encode()), "phone": sha256_hex(f"phone of {trader}".encode())}
    if profile == "back" and rng.random() < 0.4:
        del marks["phone"]
    if profile == "repeat":
        marks["device"] = sha256_hex(f"device {rng.randint(1, 3)}".encode())
    if profile in ("mixed", "new") and rng.random() < 0.3:
        marks["address"] = sha256_hex(f"parcel station {rng.randint(1, 4)}".encode())
    return marks
