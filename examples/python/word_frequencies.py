"""The words of a novel, counted as `examples/word_frequencies.lau` counts them.

    python3 examples/python/word_frequencies.py examples/data/northanger-abbey.txt
"""

import json
import sys

MARKS = [".", ",", ";", ":", "!", "?", '"', "-", "(", ")", "*", "&", "' ", " '", "'\n", "\n'"]


def main():
    with open(sys.argv[1], encoding="utf-8", newline="") as file:
        text = file.read().lower()
    for mark in MARKS:
        text = text.replace(mark, " ")
    words = text.split()
    counts = {}
    for word in words:
        counts[word] = counts.get(word, 0) + 1
    top = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:25]
    report = {
        "words": len(words),
        "distinct": len(counts),
        "once": sum(1 for count in counts.values() if count == 1),
        "longest": max(words, key=len),
        "top": [list(pair) for pair in top],
        "top_share": sum(count for _, count in top) / len(words),
    }
    print(json.dumps(report, sort_keys=True))


main()
