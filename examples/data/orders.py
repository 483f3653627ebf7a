"""Writes the orders of a made-up shop, one JSON record a line, and its products, a JSON list.

    python3 examples/data/orders.py ORDERS PRODUCTS [COUNT]

The same every time: 400 orders if not said otherwise, some 120 KB. A few lines in a hundred are damaged, as
records from elsewhere are: cut off, without a customer, with something else in place of the items, with a
product that does not exist. Some amounts are texts.
"""

import json
import random
import sys

# Out of `random` only `Random.random` is sure to give the same numbers on every version of Python.
draw = random.Random(20240312).random

COUNTRIES = ["DE", "DE", "DE", "AT", "AT", "CH", "FR", "FR", "PL", "SE"]
CATEGORIES = ["books", "garden", "kitchen", "office", "toys"]
THINGS = ["lamp", "bowl", "notebook", "spade", "kite", "Tischuhr", "théière", "puzzle"]

PRODUCTS = [
    {"sku": f"P-{n:03}", "title": f"{THINGS[n * 5 % 8]} no. {n}", "category": CATEGORIES[n * 7 % 5]}
    for n in range(1, 61)
]


def one_of(items):
    return items[int(draw() * len(items))]


def order(number):
    customer = 1 + int(draw() * draw() * 90)
    items = [
        {"sku": one_of(PRODUCTS)["sku"], "quantity": 1 + int(draw() * 4), "cents": 199 + 50 * int(draw() * 120)}
        for _ in range(1 + int(draw() * 5))
    ]
    return {
        "order": number,
        "placed": f"2024-03-{1 + int(draw() * 31):02}T{int(draw() * 24):02}:{int(draw() * 60):02}:00Z",
        "customer": {"id": f"c{customer:03}", "country": COUNTRIES[customer % len(COUNTRIES)]},
        "items": items,
        "note": "gift, please wrap" if draw() < 0.1 else None,
    }


def line(number):
    record = order(number)
    kind = draw()
    if kind < 0.01:
        record["customer"] = None
    elif kind < 0.02:
        del record["items"]
    elif kind < 0.03:
        record["items"] = "see attachment"
    elif kind < 0.04:
        record["items"][0]["sku"] = "P-999"
    elif kind < 0.05:
        record["items"][0]["quantity"] = "two"
    elif kind < 0.10:
        record["items"][0]["quantity"] = str(record["items"][0]["quantity"])
    text = json.dumps(record, ensure_ascii=False)
    return text[: int(draw() * len(text))] if kind > 0.99 else text


def main():
    orders, products = sys.argv[1:3]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 400
    with open(orders, "w", encoding="utf-8", newline="\n") as file:
        for n in range(count):
            file.write(line(5_001 + n) + "\n")
    with open(products, "w", encoding="utf-8", newline="\n") as file:
        json.dump(PRODUCTS, file, ensure_ascii=False, indent=1)
        file.write("\n")


main()
