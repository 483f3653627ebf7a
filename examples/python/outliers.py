"""Days whose weather was far from the usual, as `examples/outliers.lau` finds them.

    python3 examples/python/outliers.py examples/data/seattle-weather.csv

Sums are added up one by one: `sum` of newer versions of Python is more exact than that.
"""

import csv
import json
import math
import sys


def total(values):
    result = 0.0
    for value in values:
        result += value
    return result


def percentile(values, p):
    """Between the two nearest by rank, linearly."""
    values = sorted(values)
    rank = p / 100 * (len(values) - 1)
    low = int(rank)
    fraction = rank - low
    if fraction == 0:
        return values[low]
    return values[low] + (values[low + 1] - values[low]) * fraction


def describe(days, name):
    values = [float(day[name]) for day in days]
    mean = total(values) / len(values)
    deviation = math.sqrt(total((value - mean) * (value - mean) for value in values) / len(values))
    first, third = percentile(values, 25), percentile(values, 75)
    reach = (third - first) * 1.5
    low, high = first - reach, third + reach
    scores = [(day["date"], value, (value - mean) / deviation) for day, value in zip(days, values)]
    far = sorted((row for row in scores if abs(row[2]) > 3), key=lambda row: -abs(row[2]))
    return {
        "mean": mean,
        "deviation": deviation,
        "low": low,
        "high": high,
        "beyond_fences": sum(1 for value in values if value < low or value > high),
        "far": [list(row) for row in far[:5]],
        "far_days": len(far),
    }


def main():
    with open(sys.argv[1], encoding="utf-8", newline="") as file:
        days = list(csv.DictReader(file))
    columns = ["precipitation", "temp_max", "temp_min", "wind"]
    print(json.dumps({name: describe(days, name) for name in columns}, sort_keys=True))


main()
