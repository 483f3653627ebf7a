"""Three questions to four years of days in Seattle, as `examples/weather.lau` answers them.

    python3 examples/python/weather.py examples/data/seattle-weather.csv
"""

import csv
import json
import sys


def hot_spells(days, threshold, least):
    spells, run = [], []

    def close():
        if len(run) >= least:
            peak = max(float(day["temp_max"]) for day in run)
            spells.append({"from": run[0]["date"], "to": run[-1]["date"], "days": len(run), "peak": peak})
        run.clear()

    for day in days:
        if float(day["temp_max"]) >= threshold:
            run.append(day)
        else:
            close()
    close()
    return spells


def rain_by_month(days):
    totals = {}
    for day in days:
        month = day["date"][:7]
        totals[month] = totals.get(month, 0.0) + float(day["precipitation"])
    return totals


def windiest(days):
    best = max(days, key=lambda day: float(day["wind"]))
    return {"date": best["date"], "wind": float(best["wind"])}


def main():
    with open(sys.argv[1], encoding="utf-8", newline="") as file:
        days = list(csv.DictReader(file))
    report = {
        "hot_spells": hot_spells(days, 30, 3),
        "rain_by_month": rain_by_month(days),
        "windiest": windiest(days),
    }
    print(json.dumps(report, sort_keys=True))


main()
