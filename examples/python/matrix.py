"""The product of two matrices, as `examples/matrix.lau` makes it, in two ways.

    python3 examples/python/matrix.py

Sums are added up one by one: `sum` of newer versions of Python is more exact than that.
"""

import json

SIZE = 120


def make(modulus, offset):
    return [[(i * SIZE + j) % modulus + offset for j in range(SIZE)] for i in range(SIZE)]


def by_loops(a, b):
    rows = []
    for i in range(SIZE):
        left = a[i]
        row = []
        for j in range(SIZE):
            total = 0.0
            for k in range(SIZE):
                total += left[k] * b[k][j]
            row.append(total)
        rows.append(row)
    return rows


def dot(a, b):
    total = 0.0
    for x, y in zip(a, b):
        total += x * y
    return total


def by_columns(a, b):
    columns = list(zip(*b))
    return [[dot(left, column) for column in columns] for left in a]


def main():
    a, b = make(7, 0.1), make(5, -0.3)
    product = by_loops(a, b)
    total = 0.0
    for row in product:
        for element in row:
            total += element
    trace = 0.0
    for i in range(SIZE):
        trace += product[i][i]
    print(json.dumps({"same": product == by_columns(a, b), "trace": trace, "sum": total}, sort_keys=True))


main()
