"""The orders of a shop turned into a report, as `examples/reshape.lau` turns them.

    python3 examples/python/reshape.py target/orders.txt target/products.json
"""

import json
import sys


def number(value):
    """A number, or the one that a text stands for, or None."""
    if isinstance(value, str):
        return int(value) if value.isdigit() else None
    return value


def rows(text, products):
    """The rows of an order, one for each item, and what is wrong with it if it has none."""
    try:
        order = json.loads(text)
    except json.JSONDecodeError:
        return [], "no JSON"
    customer, items = order.get("customer"), order.get("items")
    if not isinstance(customer, dict):
        return [], "no customer"
    if not isinstance(items, list):
        return [], "no items"
    result = []
    for item in items:
        product, quantity = products.get(item["sku"]), number(item["quantity"])
        if product is None:
            return [], "unknown product"
        if quantity is None:
            return [], "no quantity"
        row = {
            "order": order["order"],
            "customer": customer["id"],
            "country": customer["country"],
            "category": product["category"],
            "title": product["title"],
            "cents": quantity * item["cents"],
        }
        result.append(row)
    return result, None


def add_to(totals, key, amount):
    totals[key] = totals.get(key, 0) + amount


def main():
    with open(sys.argv[1], encoding="utf-8", newline="") as file:
        lines = file.read().removesuffix("\n").split("\n")
    with open(sys.argv[2], encoding="utf-8") as file:
        products = {product["sku"]: product for product in json.load(file)}

    accepted, rejected = [], []
    for n, line in enumerate(lines, 1):
        found, wrong = rows(line, products)
        if wrong is None:
            accepted.extend(found)
        else:
            rejected.append({"line": n, "why": wrong})

    countries, customers = {}, {}
    for row in accepted:
        add_to(countries.setdefault(row["country"], {}), row["category"], row["cents"])
        add_to(customers, row["customer"], row["cents"])
    best = sorted(customers.items(), key=lambda pair: (-pair[1], pair[0]))[:3]
    dearest = sorted(accepted, key=lambda row: -row["cents"])[:3]
    report = {
        "cents_by_country": countries,
        "best_customers": [list(pair) for pair in best],
        "dearest": dearest,
        "rows": len(accepted),
        "rejected": rejected,
    }
    print(json.dumps(json.dumps(report, sort_keys=True, ensure_ascii=False, separators=(",", ":"))))


main()
