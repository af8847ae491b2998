"""Made-up cases with realistic data in several scripts, for tests without a server."""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from reviewer.connectors.api import Marketplace
from reviewer.domain.case import Case, CaseRow, CaseState, Flag, FlagSource, Sibling
from reviewer.domain.decision import Decision, DecisionKind
from reviewer.domain.facts import Fact, Match, Side
from reviewer.domain.listing import Listing, Picture, revision_digest
from reviewer.domain.reference import AuthenticationPoint, ReferenceProduct, Right
from reviewer.domain.seller import Offence, Seller, SellerLink, Standing
from reviewer.domain.values import Money, sha256_hex
from reviewer.policy.policy import Policy, policy_from_toml
from reviewer.resources import resources_folder
from reviewer.services.clock import steady
from reviewer.services.model import (
    CaseOnDesk,
    CaseRef,
)

#: The moment at which the made-up cases were opened.
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)

ACCOUNT = "demo"


@dataclass(frozen=True, slots=True)
class Market:
    """A made-up marketplace with what its listings look like."""

    marketplace: Marketplace
    price: str
    list_price: str
    title: str
    description: str
    seller: str


MARKETS = (
    Market(
        Marketplace("mercado-mx", "Mercado Andino MX", "MXN", "es", "MX"),
        "389.00",
        "14500.00",
        "{brand} {model} original 100 % con caja y ticket, ENVÍO GRATIS hoy mismo",
        "Producto nuevo, igual al de la tienda. Incluye bolsa para polvo, tarjeta y ticket de compra.\n\n"
        "Enviamos el mismo día. No aceptamos devoluciones. Calidad 1:1, nadie nota la diferencia.",
        "Bolsos Lupita Centro",
    ),
    Market(
        Marketplace("siam-th", "สยามมาร์เก็ต", "THB", "th", "TH"),
        "1290.00",
        "48900.00",
        "{brand} {model} งานออริเทียบแท้ เกรดพรีเมียม อุปกรณ์ครบกล่อง พร้อมส่งทันทีจากกรุงเทพมหานคร",
        "สินค้าใหม่พร้อมกล่องและใบเสร็จ งานละเอียดทุกจุด แยกไม่ออกจากของแท้ ส่งฟรีทั่วประเทศ\nสอบถามเพิ่มเติมทางแชต ไม่รับเปลี่ยนคืนทุกกรณี",
        "ร้านกระเป๋าคุณน้ำฝน",
    ),
    Market(
        Marketplace("hanmarket-kr", "한마켓", "KRW", "ko", "KR"),
        "39000",
        "1890000",
        "[당일발송] {brand} {model} 정품급 미러 최고급 레플리카 박스 풀세트 무료배송",
        "국내 최고급 퀄리티로 제작된 상품입니다. 정품과 동일한 소재를 사용하였으며 "
        "박스, 더스트백, 보증서까지 모두 포함되어 있습니다.\n"
        "주문 후 당일 발송, 교환 및 환불은 불가합니다.",
        "서울명품직구샵",
    ),
    Market(
        Marketplace("huashi-cn", "华市", "CNY", "zh", "CN"),
        "268.00",
        "12800.00",
        "{brand} {model} 专柜同款 顶级原单 一比一复刻 全套包装 支持验货 顺丰包邮",
        "专柜品质，原厂皮料，五金刻字清晰。全套包装含盒子、防尘袋、小票、保卡。\n支持到货验货，不满意可退。量大从优，微信联系。",
        "广州白云皮具城小陈",
    ),
    Market(
        Marketplace("torgplace-ru", "Торгплейс", "RUB", "ru", "RU"),
        "2490.00",
        "96000.00",
        "{brand} {model} — копия люкс качества, полный комплект, доставка по всей России",
        "Новая вещь в полной комплектации. Качество премиум, отличить от оригинала невозможно.\n"
        "Отправляем в день заказа, наложенный платёж.",
        "Сумки Мария",
    ),
    Market(
        Marketplace("markt-de", "Marktplatz Nord", "EUR", "de", "DE"),
        "38.00",
        "1450.00",
        "{brand} {model}, neuwertig, mit Karton und Rechnung – Sonderposten aus Geschäftsauflösung",
        "Verkaufe aus Geschäftsauflösung. Neu und unbenutzt, mit Karton.\nPrivatverkauf, keine Rücknahme.",
        "restposten-hansen",
    ),
)

#: Products by the folder of their demo pictures, with brand, model and category.
PRODUCTS = (
    ("handbag", "Maison Orle", "Saddle 24", "bags"),
    ("sneaker", "Strovane", "Runner 3", "shoes"),
    ("backpack", "Norrvik", "Tur 22", "bags"),
    ("watch", "Kestrel & Vale", "Marine 40", "watches"),
    ("perfume", "Aurelane", "No. 7", "beauty"),
    ("belt", "Brackenholt", "Classic 35", "accessories"),
    ("cream-jar", "Hanbit", "Dew Cream 50 ml", "beauty"),
    ("earbuds", "Teluk", "Air Two", "electronics"),
    ("sunglasses", "Ottavane", "Riva", "accessories"),
    ("power-bank", "Amperell", "10000", "electronics"),
    ("flask", "Norrvik", "Steel 750", "home"),
    ("lipstick", "Maison Orle", "Velvet 12", "beauty"),
)


@functools.cache
def shipped_policy() -> Policy:
    """The policy that ships with the program."""
    return policy_from_toml((resources_folder() / "policies.toml").read_text("utf-8"))


@functools.cache
def demo_files() -> Mapping[str, tuple[Path, int, int]]:
    """The demo pictures by digest: file, width, height."""
    folder = resources_folder() / "demo"
    files: dict[str, tuple[Path, int, int]] = {}
    for row in _manifest():
        path = folder / row["file"]
        if path.is_file():
            files[sha256_hex(path.read_bytes())] = (path, int(row["width"]), int(row["height"]))
    return files


@functools.cache
def _manifest() -> tuple[dict[str, str], ...]:
    path = resources_folder() / "demo" / "manifest.csv"
    if not path.is_file():
        return ()
    with path.open(encoding="utf-8", newline="") as stream:
        return tuple(csv.DictReader(stream))


@functools.cache
def demo_pictures(product: str, role: str) -> tuple[Picture, ...]:
    """The demo pictures of a product in a role (`reference`, `counterfeit`, `genuine`, `stolen` …)."""
    digests = {path: digest for digest, (path, _, _) in demo_files().items()}
    folder = resources_folder() / "demo"
    rows = [row for row in _manifest() if row["product"] == product and row["role"] == role]
    return tuple(
        Picture(digests[folder / row["file"]], row["view"], width=int(row["width"]), height=int(row["height"]))
        for row in rows
        if folder / row["file"] in digests
    )


def made_pictures(name: str, count: int, *, width: int = 900, height: int = 1200) -> tuple[Picture, ...]:
    """Pictures that exist by their digest only; `FakePictures` draws them."""
    views = ("front", "side", "detail", "back")
    return tuple(
        Picture(sha256_hex(f"{name} {place}".encode()), views[place % 4], width=width, height=height)
        for place in range(count)
    )


def make_reference(
    product: str = "handbag", *, demo: bool = False, place: int = 0, market: int = 0
) -> ReferenceProduct:
    """A genuine article with four pictures and three points, two of them with their place on a picture."""
    row = next((row for row in PRODUCTS if row[0] == product), PRODUCTS[0])
    pictures = demo_pictures(product, "reference") if demo else ()
    pictures = pictures or made_pictures(f"reference {product} {place}", 4, width=1200, height=1200)
    points = (
        AuthenticationPoint(
            f"{product}-logo",
            "The lettering of the logo: thin serifs, even distances",
            "Copies use thicker letters, set too close",
            pictures[0].sha256,
            (0.36, 0.42, 0.28, 0.16),
        ),
        AuthenticationPoint(
            f"{product}-seam",
            "Stitching: eight stitches to the inch, thread in the colour of the leather",
            "White thread, crooked, six stitches to the inch",
            pictures[min(2, len(pictures) - 1)].sha256,
            (0.18, 0.55, 0.3, 0.3),
        ),
        AuthenticationPoint(f"{product}-card", "The card has a raised serial number", "Printed flat"),
    )
    right = Right(
        "trademark",
        "018234567",
        row[1].upper(),
        "EUIPO",
        row[1],
        (18, 25),
        ("EU", "GB"),
        NOW + timedelta(900),
    )
    maker = MARKETS[market % len(MARKETS)]
    return ReferenceProduct(
        f"ref-{product}-{place}",
        row[1],
        row[2],
        "4006381333931",
        row[3],
        Money(Decimal(maker.list_price), maker.marketplace.currency),
        pictures,
        (right,),
        (f"{row[1]} Flagship Store", "Galería Centro"),
        points,
    )


def make_offences(now: datetime = NOW) -> tuple[Offence, ...]:
    """Three offences: one that counts, one expired, one overturned."""
    return (
        Offence(
            "d-1",
            now - timedelta(137),
            "takedown",
            "counterfeit",
            12,
            now + timedelta(228),
            False,
            "l-88f2",
            "Bolso tipo Saddle negro",
        ),
        Offence(
            "d-2",
            now - timedelta(255),
            "warn",
            "misleading",
            2,
            now + timedelta(110),
            True,
            "l-71aa",
            "Cartera de piel legítima",
        ),
        Offence(
            "d-3",
            now - timedelta(500),
            "warn",
            "trademark",
            6,
            now - timedelta(135),
            False,
            "l-2b07",
            "Inspired by Orle",
        ),
    )


def make_seller(market: int = 0, **changes: Any) -> Seller:
    """A seller of fourteen months with an offence that counts and two linked accounts."""
    maker = MARKETS[market % len(MARKETS)]
    seller = Seller(
        id=f"seller-{market}",
        display_name=maker.seller,
        marketplace=maker.marketplace.id,
        country=maker.marketplace.country,
        joined_at=NOW - timedelta(430),
        verification="verified",
        standing=Standing.WARNED,
        listings_live=38,
        listings_removed=4,
        units_sold=1204,
        open_cases=3,
        offences=make_offences(),
        links=(
            SellerLink("seller-x", "广州白云皮具城小陈 二店", "bank", 0.97, Standing.BANNED),
            SellerLink("seller-y", "bolsos_originales_gdl", "pictures", 0.62, Standing.ACTIVE),
        ),
    )
    return replace(seller, **changes)


def make_flags(now: datetime = NOW) -> tuple[Flag, ...]:
    """Flags of three known sources and one that this program does not know."""
    return (
        Flag(
            "f-1",
            FlagSource.RIGHTS_HOLDER,
            "counterfeit",
            now - timedelta(hours=7),
            "The lettering of the logo and the shape of the buckle differ from the genuine article.",
            None,
            "n-17",
            "Maison Orle SAS",
            0.94,
        ),
        Flag(
            "f-2",
            FlagSource.CONSUMER,
            "counterfeit",
            now - timedelta(hours=5),
            "Llegó y es falsa, huele a plástico",
        ),
        Flag("f-3", FlagSource.AUTOMATED, "counterfeit", now - timedelta(hours=4), "picture and price", 0.87),
        Flag("f-4", "customs_agency", "border stop", now - timedelta(hours=2), "Parcel held at Manzanillo"),
    )


def make_listing(
    number: int = 1, *, demo: bool = False, pictures: tuple[Picture, ...] | None = None, **changes: Any
) -> Listing:
    """A listing of the market and product that its number falls on."""
    maker = MARKETS[number % len(MARKETS)]
    product, brand, model, category = PRODUCTS[number % len(PRODUCTS)]
    if pictures is None:
        pictures = (demo_pictures(product, "stolen") + demo_pictures(product, "counterfeit")) if demo else ()
        pictures = pictures or made_pictures(f"listing {number}", 3 + number % 4)
    values: dict[str, Any] = {
        "title": maker.title.format(brand=brand, model=model),
        "description": maker.description,
        "brand": brand,
        "category": category,
        "price": Money(Decimal(maker.price), maker.marketplace.currency),
        "gtin": "4006381333931" if number % 3 else "4006381333930",
    } | changes
    money: Money | None = values["price"]
    revision = revision_digest(
        title=values["title"],
        description=values["description"],
        brand=values["brand"],
        category=values["category"],
        price=str(money.amount) if money else "",
        currency=(money.currency or "") if money else "",
        gtin=values["gtin"],
        pictures=[picture.sha256 for picture in pictures],
    )
    listing = Listing(
        f"l-{number:04d}",
        maker.marketplace.id,
        values["title"],
        revision,
        country=maker.marketplace.country,
        language=maker.marketplace.language,
        url=f"https://www.{maker.marketplace.id}.example/item/{number}?ref=home",
        units_sold=17 * number + 3,
        listed_at=NOW - timedelta(days=number % 60 + 1),
        pictures=pictures,
    )
    return replace(listing, **values)


def make_case(number: int = 1, *, demo: bool = False, listing: Listing | None = None, **changes: Any) -> Case:
    """A case with two reference products, four flags, siblings, and a seller with a record."""
    product = PRODUCTS[number % len(PRODUCTS)][0]
    other = PRODUCTS[(number + 2) % len(PRODUCTS)][0]
    listing = listing or make_listing(number, demo=demo)
    case = Case(
        id=f"case-{number:04d}",
        marketplace=listing.marketplace,
        state=CaseState.LEASED,
        priority=50 + number % 50,
        due_at=NOW + timedelta(minutes=40 + 35 * number),
        opened_at=NOW - timedelta(hours=8),
        listing=listing,
        seller=make_seller(number),
        flags=make_flags(),
        references=(
            make_reference(product, demo=demo, market=number),
            make_reference(other, demo=demo, place=1, market=number),
        ),
        siblings=(
            Sibling(
                f"case-{number + 100:04d}",
                "same_seller",
                f"{listing.brand} cartera negra, nueva",
                listing.marketplace,
                made_pictures(f"sibling {number}", 1)[0].sha256,
                "Bolsos Lupita Centro",
            ),
            Sibling(
                f"case-{number + 200:04d}",
                "same_pictures",
                "정품급 미러 최고급 박스 풀세트",
                "hanmarket-kr",
                listing.pictures[0].sha256 if listing.pictures else "",
                "서울명품직구샵",
            ),
        ),
    )
    return replace(case, **changes)


def make_facts() -> tuple[Fact, ...]:
    """Facts of both sides."""
    return (
        Fact(
            "price",
            Side.FOR,
            0.9,
            "price {percent} % below the list price ({price} against {list_price})",
            {"percent": "97", "price": "389.00 MXN", "list_price": "14,500.00 MXN"},
        ),
        Fact(
            "infringing",
            Side.FOR,
            0.95,
            "same photo as in listing {listing}, taken down on {date}",
            {"listing": "l-88f2", "date": "2026-07-06"},
        ),
        Fact(
            "seller_age",
            Side.FOR,
            0.3,
            "the seller has {offences} earlier offences of the same kind",
            {"offences": "1"},
        ),
        Fact("verified", Side.AGAINST, 0.4, "the seller's identity was verified by the marketplace"),
        Fact(
            "authorised",
            Side.AGAINST,
            0.2,
            "sells in {count} other categories without complaint",
            {"count": "3"},
        ),
    )


def make_on_desk(number: int = 1, *, demo: bool = False, case: Case | None = None, **changes: Any) -> CaseOnDesk:
    """A case as the review screen paints it; the second pictures of listing and reference match."""
    case = case or make_case(number, demo=demo)
    maker = next((m for m in MARKETS if m.marketplace.id == case.marketplace), MARKETS[0])
    matches: tuple[Match, ...] = ()
    if case.listing.pictures and case.references:
        shown, reference = case.listing.pictures, case.references[0]
        matches = (
            Match(shown[0].sha256, reference.pictures[0].sha256, "reference", reference.id, "phash64", 9),
            Match(
                shown[min(1, len(shown) - 1)].sha256,
                reference.pictures[min(1, len(reference.pictures) - 1)].sha256,
                "reference",
                reference.id,
                "phash64",
                2,
            ),
            Match(shown[-1].sha256, shown[0].sha256, "infringing", "l-88f2", "sha256", 0),
        )
    on_desk = CaseOnDesk(
        ref=CaseRef(ACCOUNT, case.id),
        case=case,
        marketplace=maker.marketplace,
        policy=shipped_policy(),
        default_ground="counterfeit",
        facts=make_facts(),
        matches=matches,
        fetched_at=NOW,
        lease_deadline=steady() + 522,
    )
    return replace(on_desk, **changes)


def make_cases(count: int, *, demo: bool = False) -> tuple[CaseOnDesk, ...]:
    """A desk full: markets and products in turn."""
    return tuple(make_on_desk(number, demo=demo) for number in range(1, count + 1))


def make_changed(number: int = 7, *, demo: bool = False) -> CaseOnDesk:
    """A case whose listing changed since it was flagged."""
    now_listing = make_listing(number, demo=demo)
    before = replace(
        now_listing,
        title=now_listing.title.replace("original", "tipo original"),
        description="Réplica de calidad 1:1.\n" + now_listing.description[: len(now_listing.description) // 2],
        price=Money(Decimal("299.00"), now_listing.price.currency if now_listing.price else None),
        revision="0" * 64,
    )
    return make_on_desk(
        number, case=make_case(number, listing=now_listing, previous=before, demo=demo), problem="changed"
    )


def make_row(number: int) -> CaseRow:
    """A row of the queue table."""
    case = make_case(number % 500)
    return CaseRow(
        f"case-{number:06d}",
        case.marketplace,
        CaseState.OPEN,
        case.priority,
        NOW + timedelta(minutes=number),
        case.listing.title,
        case.listing.brand,
        case.listing.category,
        case.seller.id,
        case.seller.display_name,
        case.seller.standing,
        shipped_policy().grounds[number % 5].id,
        list(FlagSource)[number % 6].value,
        1 + number % 4,
        case.listing.price,
        case.listing.language,
        "" if number % 9 else "bo@example",
    )


def make_decision(number: int = 1, kind: DecisionKind = DecisionKind.TAKEDOWN) -> Decision:
    """A decision on the case of that number."""
    listing = make_listing(number)
    return Decision(
        f"00000000-0000-4000-8000-{number:012d}",
        f"case-{number:04d}",
        listing.id,
        listing.revision,
        kind,
        NOW,
        ground="counterfeit",
        clause="IP-1",
        facts=("price 97 % below the list price",),
        policy_version="2026-11-1",
        seconds=11.2,
    )
