"""The shop of the stand: settings, migrations, a demo catalogue, a web server on a free port of this machine.

Prints one line of JSON when it listens; then obeys lines of JSON until its input ends.
"""

import base64
import csv
import html
import json
import os
import secrets
import sys
import threading
import tomllib
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

FOLDER = Path(sys.argv[1])
_FLAGGED, _OFFERS = 20, 24
ANSWERS = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)  # what the shop prints is no answer


def configure() -> None:
    """Oscar's defaults on SQLite, with its API open to staff."""
    from django.conf import settings
    from oscar.defaults import __dict__ as defaults

    oscar = {name: value for name, value in defaults.items() if name.startswith("OSCAR_")}
    oscar |= {"OSCAR_SHOP_NAME": "Stand", "OSCAR_DEFAULT_CURRENCY": "EUR", "OSCAR_DYNAMIC_CLASS_LOADER":
              defaults["OSCAR_DYNAMIC_CLASS_LOADER"]}  # fmt: skip
    apps = [
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
        "django.contrib.sites",
        "django.contrib.flatpages",
        "oscar.config.Shop",
        "oscar.apps.analytics.apps.AnalyticsConfig",
        "oscar.apps.checkout.apps.CheckoutConfig",
        "oscar.apps.address.apps.AddressConfig",
        "oscar.apps.shipping.apps.ShippingConfig",
        "oscar.apps.catalogue.apps.CatalogueConfig",
        "oscar.apps.catalogue.reviews.apps.CatalogueReviewsConfig",
        "oscar.apps.communication.apps.CommunicationConfig",
        "oscar.apps.partner.apps.PartnerConfig",
        "oscar.apps.basket.apps.BasketConfig",
        "oscar.apps.payment.apps.PaymentConfig",
        "oscar.apps.offer.apps.OfferConfig",
        "oscar.apps.order.apps.OrderConfig",
        "oscar.apps.customer.apps.CustomerConfig",
        "oscar.apps.search.apps.SearchConfig",
        "oscar.apps.voucher.apps.VoucherConfig",
        "oscar.apps.wishlists.apps.WishlistsConfig",
        "oscar.apps.dashboard.apps.DashboardConfig",
        "oscar.apps.dashboard.reports.apps.ReportsDashboardConfig",
        "oscar.apps.dashboard.users.apps.UsersDashboardConfig",
        "oscar.apps.dashboard.orders.apps.OrdersDashboardConfig",
        "oscar.apps.dashboard.catalogue.apps.CatalogueDashboardConfig",
        "oscar.apps.dashboard.offers.apps.OffersDashboardConfig",
        "oscar.apps.dashboard.partners.apps.PartnersDashboardConfig",
        "oscar.apps.dashboard.pages.apps.PagesDashboardConfig",
        "oscar.apps.dashboard.ranges.apps.RangesDashboardConfig",
        "oscar.apps.dashboard.reviews.apps.ReviewsDashboardConfig",
        "oscar.apps.dashboard.vouchers.apps.VouchersDashboardConfig",
        "oscar.apps.dashboard.communications.apps.CommunicationsDashboardConfig",
        "oscar.apps.dashboard.shipping.apps.ShippingDashboardConfig",
        "widget_tweaks",
        "haystack",
        "treebeard",
        "django_tables2",
        "rest_framework",
        "oscarapi",
    ]
    if _there("sorl.thumbnail"):
        apps.append("sorl.thumbnail")
    settings.configure(
        **oscar,
        SECRET_KEY=secrets.token_hex(32),
        ALLOWED_HOSTS=["127.0.0.1", "localhost"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(FOLDER / "shop.sqlite3"),
                               "OPTIONS": {"timeout": 20}, "ATOMIC_REQUESTS": True}},
        INSTALLED_APPS=apps,
        SITE_ID=1,
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "oscar.apps.basket.middleware.BasketMiddleware",
        ],
        AUTHENTICATION_BACKENDS=["django.contrib.auth.backends.ModelBackend"],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],  # a stand is asked a thousand times
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {
            "context_processors": ["django.template.context_processors.request",
                                   "django.contrib.auth.context_processors.auth",
                                   "django.contrib.messages.context_processors.messages"]}}],
        HAYSTACK_CONNECTIONS={"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        MEDIA_ROOT=str(FOLDER / "media"),
        MEDIA_URL="/media/",
        STATIC_URL="/static/",
        ROOT_URLCONF=__name__,
        USE_TZ=True,
        OSCARAPI_BLOCK_ADMIN_API_ACCESS=False,
    )  # fmt: skip


def _there(name: str) -> bool:
    import importlib.util

    try:
        return importlib.util.find_spec(name) is not None
    except ImportError:
        return False


class Shop:
    """What happens in the shop besides the API."""

    def __init__(self) -> None:
        from django.contrib.auth import get_user_model
        from oscar.core.loading import get_model

        self.product = get_model("catalogue", "Product")
        self.image = get_model("catalogue", "ProductImage")
        self.stock = get_model("partner", "StockRecord")
        kinds, attributes = get_model("catalogue", "ProductClass"), get_model("catalogue", "ProductAttribute")
        self.kind = kinds.objects.create(name="Bags", slug="bags", track_stock=False)
        for code in ("compliance_flag", "compliance_decision", "brand"):
            attributes.objects.create(product_class=self.kind, name=code, code=code, type="text", required=False)
        partners = get_model("partner", "Partner")
        self.partners = [partners.objects.create(name=f"Partner {n}", code=f"p{n}") for n in range(3)]
        self.password = secrets.token_urlsafe(12)
        users = get_user_model()
        users.objects.create_superuser(username="reviewer", email="reviewer@shop.example", password=self.password)
        for offer in demo_offers():
            self.put(**offer)

    def put(
        self, title: str, description: str, pictures: list[bytes], flag: str, brand: str = "Orle", price: str = "38.50"
    ) -> str:
        from django.core.files.base import ContentFile

        product = self.product(
            structure="standalone", title=title, description=description, product_class=self.kind, is_public=True
        )
        product.attr.compliance_flag = flag or None
        product.attr.brand = brand
        product.save()
        self.stock.objects.create(
            product=product, partner=self.partners[product.pk % 3], partner_sku=f"sku-{product.pk}", price=price,
            price_currency="EUR", num_in_stock=5,
        )  # fmt: skip
        for number, data in enumerate(pictures):
            image = self.image(product=product, display_order=number)
            ending = "jpg" if data.startswith(b"\xff\xd8") else "png"
            image.original.save(f"{product.pk}-{number}.{ending}", ContentFile(data), save=True)
        return str(product.pk)

    def obey(self, told: dict[str, Any]) -> str:
        """Carry a line out; answers what is asked."""
        if told["what"] == "add":
            pictures = [base64.b64decode(data) for data in told["pictures"]]
            return self.put(told["title"], told["description"], pictures, "Made for the suite")
        product = self.product.objects.get(pk=int(told["name"]))
        if told["what"] == "edit":
            product.description += " (changed)"
            product.save()
        elif told["what"] == "remove":
            product.delete()
        elif told["what"] == "state":
            return "live" if product.is_public else "removed"
        return ""


def demo_offers() -> list[dict[str, Any]]:
    """Twenty flagged and four other offers of the program's demo catalogue, with a picture each; bags where it is not
    beside this connector."""
    folder = Path(__file__).resolve().parents[2] / "resources" / "demo"
    try:
        products = tomllib.loads((folder / "products.toml").read_text(encoding="utf-8"))["product"]
        with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["role"] in ("counterfeit", "lookalike", "genuine")]
    except OSError:
        return [
            {"title": f"Bag {number}", "description": f"<p>A <b>fine</b> bag, number {number}.</p>", "pictures": [],
             "flag": "The logo is a copy" if number <= _FLAGGED else ""}
            for number in range(1, _OFFERS + 1)
        ]  # fmt: skip
    known = {product["id"]: product for product in products}
    copies = [row for row in rows if row["role"] != "genuine"]
    chosen = copies[:: max(1, len(copies) // _FLAGGED)][:_FLAGGED]
    chosen += [row for row in rows if row["role"] == "genuine"][: _OFFERS - len(chosen)]
    offers = []
    for row in chosen:
        product = known[row["product"]]
        why = row["differences"] or "Looks like the genuine article, at a tenth of its price"
        offers.append({
            "title": f"{product['brand']} {product['model']}", "brand": product["brand"],
            "description": f"<p>New, with box. <b>{html.escape(product['model'])}</b></p>",
            "pictures": [(folder / row["file"]).read_bytes()], "flag": why if row["role"] != "genuine" else "",
            "price": "29.90" if row["role"] != "genuine" else "299.00",
        })  # fmt: skip
    return offers


class Server(ThreadingMixIn, WSGIServer):
    """Django's application on the standard library's server."""

    daemon_threads = True
    address_family = 2


class Quiet(WSGIRequestHandler):
    """Without a line for each request."""

    def log_message(self, *_words: object) -> None:
        pass


def say(value: dict[str, Any]) -> None:
    ANSWERS.write(json.dumps(value) + "\n")
    ANSWERS.flush()


def main() -> None:
    configure()
    import django

    django.setup()
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application
    from django.urls import include, path, re_path
    from django.views.static import serve

    globals()["urlpatterns"] = [
        path("api/", include("oscarapi.urls")),
        re_path(r"^media/(?P<path>.*)$", serve, {"document_root": str(FOLDER / "media")}),
    ]
    call_command("migrate", verbosity=0)
    shop = Shop()
    server = Server(("127.0.0.1", 0), Quiet)
    server.set_app(get_wsgi_application())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    say({"address": f"http://127.0.0.1:{server.server_port}/api", "username": "reviewer", "password": shop.password})
    for line in sys.stdin:
        say({"answer": shop.obey(json.loads(line))})


if __name__ == "__main__":
    main()
