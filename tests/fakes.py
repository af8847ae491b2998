"""Fakes at the seams: made-up cases in several scripts, and a workstation that keeps them in memory.

`FakeWorkstation` has the services that the window talks to, on real threads, so that a test waits for signals
as the window does.  Pictures are the demo pictures where `demo` is given, else drawn from their digest.
"""

from __future__ import annotations

import csv
import functools
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image

from reviewer.connectors.api import Holder, Marketplace, Service
from reviewer.domain.case import Case, CaseRow, CaseState, Flag, FlagSource, Sibling
from reviewer.domain.decision import Decision, DecisionKind
from reviewer.domain.facts import Fact, Match, Side
from reviewer.domain.listing import Listing, Picture, revision_digest
from reviewer.domain.reference import AuthenticationPoint, ReferenceProduct, Right
from reviewer.domain.seller import Offence, Seller, SellerLink, Standing
from reviewer.domain.values import Money, sha256_hex
from reviewer.imaging.pictures import Decoded, RefusedPicture
from reviewer.policy.policy import Policy, policy_from_toml
from reviewer.resources import resources_folder
from reviewer.services.changes import Notifier
from reviewer.services.clock import steady
from reviewer.services.model import (
    AccountStatus,
    Banner,
    CaseOnDesk,
    CaseRef,
    Counts,
    Desk,
    Draft,
    InboxItem,
    OutboxRow,
    QueueFilter,
    QueuePage,
    QueueRow,
    Ruling,
    Status,
)

ResultT = TypeVar("ResultT")

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


class FakePictures:
    """Demo pictures by PIL, or pictures drawn from their digest; `refused` and `held` are for tests."""

    def __init__(self) -> None:
        self.refused: dict[str, str] = {}
        self.requests: list[tuple[str, int, int, bool]] = []
        self.held = False
        self.closed = False
        self._waiting: list[Callable[[], None]] = []
        self._pool = ThreadPoolExecutor(2, "fake-pictures")

    def request(
        self, account: str, sha256: str, width: int, height: int, *, urgent: bool = False
    ) -> Future[Decoded | RefusedPicture]:
        """The picture at that size at most; a refusal where a test wants one."""
        self.requests.append((sha256, width, height, urgent))
        answer: Future[Decoded | RefusedPicture] = Future()

        def work() -> None:
            answer.set_result(self._decode(sha256, width, height))

        if self.closed:
            answer.set_result(RefusedPicture("stopped", "The workstation is closing."))
        elif self.held:
            self._waiting.append(work)
        else:
            self._pool.submit(work)
        return answer

    def let_go(self) -> None:
        """Answer everything that was held back."""
        self.held = False
        for work in self._waiting:
            self._pool.submit(work)
        self._waiting.clear()

    def close(self) -> None:
        """Answer nothing any more."""
        self.closed = True
        self._pool.shutdown(cancel_futures=True)

    def _decode(self, sha256: str, width: int, height: int) -> Decoded | RefusedPicture:
        if sha256 in self.refused:
            return RefusedPicture("damaged", self.refused[sha256])
        return _decode(sha256, width, height)


@functools.lru_cache(maxsize=512)
def _decode(sha256: str, width: int, height: int) -> Decoded:
    found = demo_files().get(sha256)
    if found is None:
        return drawn_picture(sha256, width, height)
    path, source_width, source_height = found
    with Image.open(path) as image:
        image.draft("RGB", (width, height))
        shown = image.convert("RGBA")
        shown.thumbnail((width, height))
        pixels = shown.tobytes("raw", "BGRA")
        return Decoded(shown.width, shown.height, shown.width * 4, pixels, source_width, source_height, "JPEG", 1)


def drawn_picture(sha256: str, width: int, height: int, source: tuple[int, int] = (900, 1200)) -> Decoded:
    """A picture of two colours that follow from the digest, at most that large."""
    scale = min(1.0, width / source[0], height / source[1])
    wide, high = max(1, round(source[0] * scale)), max(1, round(source[1] * scale))
    seed = bytes.fromhex(sha256[:12])
    one, two = bytes((*seed[:3], 255)), bytes((*seed[3:6], 255))
    band = max(1, wide // 8)
    even = b"".join((one if (column // band) % 2 else two) for column in range(wide))
    odd = b"".join((two if (column // band) % 2 else one) for column in range(wide))
    pixels = b"".join((even if (row // band) % 2 else odd) for row in range(high))
    return Decoded(wide, high, wide * 4, pixels, *source, "JPEG", 1)


class FakeReview:
    """The desk: decisions are kept in a list and can be taken back."""

    def __init__(self, cases: Sequence[CaseOnDesk], notifier: Notifier) -> None:
        self.cases = list(cases)
        self.notifier = notifier
        self.decided: list[Ruling] = []
        self.skipped: list[tuple[CaseRef, str]] = []
        self.drafts: dict[CaseRef, Draft] = {}
        self.history: list[tuple[tuple[CaseOnDesk, ...], tuple[DecisionKind, ...]]] = []
        self.error: Exception | None = None
        self.empty_reason = "none_open"
        self.holders: tuple[Holder, ...] = ()

    def desk(self) -> Desk:
        """What lies on the desk now."""
        shown = tuple(replace(case, draft=self.drafts.get(case.ref, case.draft)) for case in self.cases[:6])
        kinds = [kind for _, made in self.history for kind in made]
        last = self.history[-1] if self.history else None
        return Desk(
            current=shown[0] if shown else None,
            upcoming=shown[1:],
            on_desk=len(self.cases),
            empty_reason="" if shown else self.empty_reason,
            holders=self.holders,
            undo_label=f"{last[1][0].value} …{last[0][0].ref.case_id[-2:]}" if last else "",
            counts=Counts(
                len(kinds),
                {kind: kinds.count(kind) for kind in set(kinds)},
                11.0 if kinds else None,
                tuple(kinds[-8:]),
            ),
        )

    def decide(self, ruling: Ruling) -> Desk:
        """Record a ruling; the next case is current."""
        return self.decide_batch([ruling.ref], ruling)

    def decide_batch(self, refs: Sequence[CaseRef], ruling: Ruling) -> Desk:
        """One ruling on several cases."""
        if self.error is not None:
            raise self.error
        found = tuple(case for case in self.cases if case.ref in refs)
        self.cases = [case for case in self.cases if case.ref not in refs]
        self.decided += [replace(ruling, ref=case.ref) for case in found]
        self.history.append((found, (ruling.kind,) * len(found)))
        self.notifier.publish("desk", "status", origin="review")
        return self.desk()

    def undo(self) -> Desk:
        """Take the last step back; its cases lie on top again."""
        if self.history:
            found, _ = self.history.pop()
            self.decided = self.decided[: len(self.decided) - len(found)]
            self.cases = [*found, *self.cases]
            self.notifier.publish("desk", "status", origin="review")
        return self.desk()

    def skip(self, ref: CaseRef, reason: str = "skipped") -> Desk:
        """Put a case below the others."""
        self.skipped.append((ref, reason))
        found = [case for case in self.cases if case.ref == ref]
        self.cases = [case for case in self.cases if case.ref != ref] + found
        return self.desk()

    def bring(self, ref: CaseRef) -> Desk:
        """Put a case on top."""
        self.cases.sort(key=lambda case: case.ref != ref)
        return self.desk()

    def save_draft(self, ref: CaseRef, draft: Draft) -> None:
        """Keep what was typed."""
        self.drafts[ref] = draft

    def put(self, *cases: CaseOnDesk, origin: str = "lease") -> None:
        """Swap the desk under the reviewer, as a lost lease does."""
        self.cases = list(cases)
        self.notifier.publish("desk", origin=origin)


class FakeIntake:
    """Claims named cases and cases for a time without network."""

    def __init__(self, review: FakeReview) -> None:
        self.review = review
        self.claimed: list[tuple[str, ...]] = []
        self.refuses: set[str] = set()
        self.offline_ended = 0
        self.focus: QueueFilter | None = None

    def claim_named(self, account: str, case_ids: Sequence[str]) -> tuple[CaseOnDesk, ...]:
        """The named cases, put on the desk; those in `refuses` are held by somebody else."""
        self.claimed.append(tuple(case_ids))
        known = {case.ref.case_id: case for case in self.review.cases}
        found = []
        for case_id in case_ids:
            if case_id in self.refuses:
                continue
            if case_id not in known:
                number = int("".join(filter(str.isdigit, case_id)) or "1")
                self.review.cases.append(make_on_desk(number, case=make_case(number, id=case_id)))
                known[case_id] = self.review.cases[-1]
            found.append(known[case_id])
        return tuple(found)

    def take_offline(self, hours: float, count: int) -> int:
        """How many cases were taken."""
        self.review.cases += [make_on_desk(number) for number in range(300, 300 + count)]
        self.review.notifier.publish("desk", "status")
        return count

    def end_offline(self) -> None:
        """Give back what was taken."""
        self.offline_ended += 1

    def set_focus(self, chosen: QueueFilter) -> None:
        """Claim what this filter shows from now on."""
        self.focus = chosen


class FakeStatus:
    """The head and foot in numbers; tests set `value`."""

    def __init__(self, review: FakeReview) -> None:
        self.review = review
        self.value = Status(
            accounts=(
                AccountStatus(ACCOUNT, "Demo marketplaces", "online", reviewer_name="Ana Reyes", role="reviewer"),
            ),
            open_cases=1214,
            due_soon=2,
            unsent=0,
        )

    def status(self) -> Status:
        """The state now; what was decided counts as unsent."""
        decided = self.review.decided
        if not decided:
            return self.value
        last = decided[-1]
        return replace(
            self.value,
            unsent=len(decided),
            next_send_s=10.0 if self.value.next_send_s is None else self.value.next_send_s,
            next_send_label=f"{last.kind.value} …{last.ref.case_id[-2:]}",
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


class FakeQueue:
    """A queue table of `total` made-up rows; the filter's text is a substring of the title."""

    def __init__(self, total: int = 1214) -> None:
        self.total = total
        self.asked: list[tuple[QueueFilter, int, int]] = []

    def page(self, chosen: QueueFilter, start: int, count: int) -> QueuePage:
        """Rows from `start` on."""
        self.asked.append((chosen, start, count))
        numbers: Sequence[int] = range(self.total)
        if chosen.text:
            numbers = [n for n in numbers if chosen.text.casefold() in make_row(n).title.casefold()]
        if chosen.marketplaces:
            numbers = [n for n in numbers if make_row(n).marketplace in chosen.marketplaces]
        if chosen.descending:
            numbers = numbers[::-1]
        rows = tuple(
            QueueRow(CaseRef(ACCOUNT, make_row(n).id), make_row(n), n < 6, "takedown" if n == 3 else "")
            for n in numbers[start : start + count]
        )
        return QueuePage(start, len(numbers), rows)

    def facets(self) -> Mapping[str, tuple[tuple[str, int], ...]]:
        """What can be filtered by, with counts."""
        each = self.total // len(MARKETS)
        return {
            "marketplace": tuple((maker.marketplace.id, each) for maker in MARKETS),
            "ground": tuple((ground.id, self.total // 5) for ground in shipped_policy().grounds[:5]),
            "source": tuple((source.value, self.total // 6) for source in FlagSource),
            "state": (("open", self.total - 9), ("escalated", 9)),
            "standing": tuple((standing.value, self.total // 5) for standing in Standing),
        }


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


class FakeDelivery:
    """Outbox and inbox as lists."""

    def __init__(self) -> None:
        self.outbox: list[OutboxRow] = [
            OutboxRow(
                make_decision(n),
                CaseRef(ACCOUNT, f"case-{n:04d}"),
                make_listing(n).title,
                state,
                NOW,
                wait,
                tries,
                error,
            )
            for n, state, wait, tries, error in (
                (1, "waiting", 7.0, 0, ""),
                (2, "sending", 0.0, 1, ""),
                (3, "parked", 0.0, 4, "The server answered 409: another body is known under this id."),
            )
        ]
        self.inbox: list[InboxItem] = [
            InboxItem(
                1,
                make_decision(5),
                CaseRef(ACCOUNT, "case-0005"),
                make_listing(5).title,
                "stale",
                "The listing changed at 08:41.",
                NOW,
                ("again", "moot"),
            ),
            InboxItem(
                2,
                make_decision(6),
                CaseRef(ACCOUNT, "case-0006"),
                make_listing(6).title,
                "rejected",
                "Ground not allowed in this category.",
                NOW,
                ("again", "moot"),
            ),
        ]
        self.calls: list[tuple[Any, ...]] = []

    def outbox_rows(self) -> tuple[OutboxRow, ...]:
        """What is not receipted."""
        return tuple(self.outbox)

    def inbox_items(self) -> tuple[InboxItem, ...]:
        """What came back."""
        return tuple(self.inbox)

    def retry(self, decision_id: str) -> None:
        """Send a parked row again."""
        self.calls.append(("retry", decision_id))

    def send_now(self) -> None:
        """Do not wait for the sending delay."""
        self.calls.append(("send_now",))

    def resolve(self, item_id: int, action: str) -> None:
        """Close an inbox item."""
        self.calls.append(("resolve", item_id, action))
        self.inbox = [item for item in self.inbox if item.id != item_id]

    def export_outbox(self, path: Path) -> int:
        """Write the unsent decisions to a file; answers how many."""
        Path(path).write_text("[]", encoding="utf-8")
        self.calls.append(("export_outbox", path))
        return len(self.outbox)


class FakeAccounts:
    """Accounts as a list; `error` is raised by `test` and `save` where it is set."""

    def __init__(self) -> None:
        self.saved: list[Any] = []
        self.known: list[Any] = []
        self.known_kinds: tuple[Any, ...] = ()
        self.removed: list[str] = []
        self.demo_started = 0
        self.signed_in: list[tuple[str, dict[str, str]]] = []
        self.error: Exception | None = None

    def kinds(self) -> tuple[Any, ...]:
        """The connectors that can be chosen."""
        return self.known_kinds

    def accounts(self) -> tuple[Any, ...]:
        """The accounts that are set up."""
        return tuple(self.known)

    def test(self, form: Any) -> Service:
        """What the server says of itself."""
        if self.error is not None:
            raise self.error
        return Service("Demo marketplaces", NOW, "ana", "Ana Reyes", "reviewer", tuple(m.marketplace for m in MARKETS))

    def save(self, form: Any) -> None:
        """Keep an account."""
        if self.error is not None:
            raise self.error
        self.saved.append(form)

    def remove(self, account: str) -> None:
        """Forget an account."""
        self.removed.append(account)

    def start_demo(self) -> None:
        """Begin with the demo."""
        self.demo_started += 1

    def sign_in(self, account: str, secrets: Mapping[str, str]) -> None:
        """Give new secrets to an account."""
        if self.error is not None:
            raise self.error
        self.signed_in.append((account, dict(secrets)))


class FakeWorkstation:
    """All services on threads of their own: one for the store, one for the reader, a pool for the rest."""

    def __init__(
        self, cases: Sequence[CaseOnDesk] | None = None, *, demo: bool = False, folder: Path | None = None
    ) -> None:
        self.notifier = Notifier()
        self.review = FakeReview(make_cases(12, demo=demo) if cases is None else cases, self.notifier)
        self.intake = FakeIntake(self.review)
        self.status = FakeStatus(self.review)
        self.pictures = FakePictures()
        self.queue = FakeQueue()
        self.delivery = FakeDelivery()
        self.accounts = FakeAccounts()
        self.started = False
        self.folder = folder or Path(tempfile.gettempdir())
        self._lock = threading.Lock()
        self._desk = ThreadPoolExecutor(1, "fake-desk")
        self._reader = ThreadPoolExecutor(1, "fake-reader")
        self._pool = ThreadPoolExecutor(4, "fake-pool")

    def on_desk(self, call: Callable[[], ResultT]) -> Future[ResultT]:
        """Run on the store's thread."""
        return self._desk.submit(call)

    def on_reader(self, call: Callable[[], ResultT]) -> Future[ResultT]:
        """Run on the reader's thread."""
        return self._reader.submit(call)

    def in_background(self, call: Callable[[], ResultT]) -> Future[ResultT]:
        """Run on a thread of the pool."""
        return self._pool.submit(call)

    def diagnostics(self) -> str:
        """What Help copies."""
        return "versions and settings"

    def start(self) -> None:
        """Begin; the desk is there at once."""
        with self._lock:
            self.started = True
        self.notifier.publish("desk", "status")

    def close(self) -> None:
        """Let every thread end."""
        self.pictures.close()
        for pool in (self._desk, self._reader, self._pool):
            pool.shutdown(cancel_futures=True)


def warning_banner() -> Banner:
    """A banner as the disk being full gives it."""
    return Banner("disk_full", "error", "The disk is full. Free some space; nothing is lost.", "retry")
