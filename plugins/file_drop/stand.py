"""A marketplace that drops files, for `reviewer plugin check`."""

import csv
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Stand:
    """Writes one CSV file anew at each change, by renaming, as a marketplace should."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "in").mkdir(parents=True)
        (folder / "pictures").mkdir()
        self.settings = {"folder": str(folder), "reviewer": "Ana", "marketplace": "files", "currency": "EUR"}
        self.secrets: dict[str, str] = {}
        self.bad_secrets = None
        self.address = ""
        self._rows: dict[str, dict[str, str]] = {}
        for number in range(1, 41):
            self._rows[f"listing-{number}"] = {
                "id": f"listing-{number}", "title": f"Bag {number}", "price": f"{number}.50",
                "seller_id": f"s{number % 5}", "seller_name": f"Shop {number % 5}",
                "reason": "counterfeit", "priority": str(number),
            }  # fmt: skip
        self._write()

    def add(self, listing: Mapping[str, Any]) -> str:
        name = f"added-{len(self._rows)}"
        pictures = []
        for number, data in enumerate(listing.get("pictures", ())):
            (self.folder / "pictures" / f"{name}-{number}.png").write_bytes(data)
            pictures.append(f"{name}-{number}.png")
        self._rows[name] = {
            "id": name, "title": listing["title"], "description": listing.get("description", ""),
            "seller_id": "s1", "seller_name": "Shop 1", "reason": "counterfeit", "priority": "999",
            "pictures": "|".join(pictures),
        }  # fmt: skip
        self._write()
        return name

    def edit(self, name: str) -> None:
        self._rows[name]["description"] += " (changed)"
        self._write()

    def remove(self, name: str) -> None:
        self._rows[name]["state"] = "withdrawn"
        self._write()

    def close(self) -> None:
        pass

    def _write(self) -> None:
        names = (
            "id",
            "title",
            "description",
            "price",
            "seller_id",
            "seller_name",
            "reason",
            "priority",
            "pictures",
            "state",
        )
        part = self.folder / "in" / "listings.csv.part"
        with part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, names, restval="")
            writer.writeheader()
            writer.writerows(self._rows.values())
        os.replace(part, self.folder / "in" / "listings.csv")


def stand(folder: Path) -> Stand:
    """Started for one run of the suite."""
    return Stand(folder)
