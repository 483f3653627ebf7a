"""Writes a web server's access log in the combined format.

    python3 examples/data/access_log.py FILE [LINES]

The same lines every time, 30,000 if not said otherwise (5 MB), which are a week of a small site: few paths and
clients are asked for often and many seldom, nights are quiet, one night a backend is away for an hour. A few
lines in a thousand are damaged, as in real logs: cut off, empty, or written by something else; some requests
are no HTTP. Some paths and user agents are not ASCII. Addresses are from the blocks reserved for documentation.
"""

import bisect
import itertools
import random
import sys

SEED = 20240311
START_DAY = 11  # of March 2024, a Monday

# Out of `random` only `Random.random` is sure to give the same numbers on every version of Python.
draw = random.Random(SEED).random

# How busy the hours of a day are.
HOURS = [4, 3, 2, 2, 2, 3, 6, 12, 20, 26, 28, 27, 24, 26, 27, 26, 24, 22, 20, 18, 17, 15, 11, 7]

SECTIONS = ["news", "docs", "blog", "products", "images", "api/v1", "tags", "archive"]
TOPICS = ["install", "energy", "weather", "orders", "search", "index", "limits", "über-uns", "queens", "matrix"]
FIRST = ["/", "/favicon.ico", "/robots.txt", "/style.css", "/app.js", "/login", "/search", "/feed.xml"]
PATHS = FIRST + [f"/{section}/{topic}-{n}" for n in range(1, 9) for section in SECTIONS for topic in TOPICS]

BLOCKS = ["203.0.113.", "198.51.100.", "192.0.2."]
CLIENTS = [block + str(n) for n in range(1, 255) for block in BLOCKS]
CLIENTS += [f"2001:db8::{n:x}" for n in range(1, 400)]

AGENTS = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:123.0) Gecko/20100101 Firefox/123.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_3 like Mac OS X) AppleWebKit/605.1.15 Version/17.3 Mobile Safari/604.1",
    "Mozilla/5.0 (compatible; ExampleBot/2.1; +http://bot.example/about)",
    "curl/8.5.0",
    "Lesezeichenprüfer/1.4 (Größe: mittel)",
    "点検ロボット/0.9 (+http://robot.example/)",
    "-",
]
REFERERS = ["-", "-", "https://www.example/", "https://search.example/?q=lau", "https://www.example/docs/install-1"]


def heavy_tailed(items):
    """A way to draw items where the n-th is asked for 1/n times as often as the first."""
    sums = list(itertools.accumulate(1 / n for n in range(1, len(items) + 1)))
    return lambda: items[bisect.bisect(sums, draw() * sums[-1])]


draw_path = heavy_tailed(PATHS)
draw_client = heavy_tailed(CLIENTS)
draw_agent = heavy_tailed(AGENTS)


def one_of(items):
    return items[int(draw() * len(items))]


def draw_status(day, hour):
    if (day, hour) == (3, 2) and draw() < 0.6:
        return 503
    at = draw()
    for share, status in [(0.04, 404), (0.06, 304), (0.02, 301), (0.004, 403), (0.003, 500), (0.01, 206)]:
        if at < share:
            return status
        at -= share
    return 200


def entry(seconds):
    day, of_day = divmod(seconds, 86_400)
    hour, of_hour = divmod(of_day, 3_600)
    time = f"{START_DAY + day:02}/Mar/2024:{hour:02}:{of_hour // 60:02}:{of_hour % 60:02} +0000"
    path, status = draw_path(), draw_status(day, hour)
    if status == 304:
        size = "-"  # nothing was sent
    elif status in (200, 206):
        size = 300 + sum(path.encode()) * 37 % 20_000 + int(draw() * 500)
        if path.startswith("/images"):
            size *= 12
    else:
        size = 150 + int(draw() * 100)
    query = f"?page={int(draw() * 9) + 1}" if draw() < 0.1 else ""
    method = "POST" if path == "/login" else "HEAD" if draw() < 0.02 else "GET"
    request = f"{method} {path}{query} HTTP/1.1"
    if draw() < 0.002:
        request, status, size = r"\x16\x03\x01\x02", 400, 157  # no HTTP
    user = "editor" if draw() < 0.01 else "-"
    return f'{draw_client()} - {user} [{time}] "{request}" {status} {size} "{one_of(REFERERS)}" "{draw_agent()}"'


def damaged(line):
    kind = int(draw() * 4)
    if kind == 0:
        return line[: int(draw() * len(line))]
    if kind == 1:
        return ""
    if kind == 2:
        return "log rotated"
    return line[:-1] + ' "beta""'  # a quote that nobody escaped


def main():
    name = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 30_000
    mean = 7 * 86_400 / count  # seconds between requests
    average = sum(HOURS) / len(HOURS)
    now = 0.0
    with open(name, "w", encoding="utf-8", newline="\n") as file:
        for _ in range(count):
            line = entry(min(int(now), 7 * 86_400 - 1))
            file.write(damaged(line) + "\n" if draw() < 0.003 else line + "\n")
            now += 2 * draw() * mean * average / HOURS[int(now) // 3_600 % 24]


main()
