"""Statistics over a web server's access log, as `examples/access_log.lau` makes them.

    python3 examples/python/access_log.py target/access.log
"""

import json
import sys


def parse(line):
    """Client, hour, path, status and size of a line; None if it is not in the combined format."""
    parts = line.split('"')
    if len(parts) != 7:
        return None
    head, request, answer = parts[0].split(), parts[1].split(), parts[2].split()
    if len(head) != 5 or len(request) != 3 or len(answer) != 2:
        return None
    if not answer[0].isdigit():
        return None
    size = int(answer[1]) if answer[1].isdigit() else 0
    return head[0], head[3][13:15], request[1].split("?")[0], int(answer[0]), size


def percentile(values, p):
    """Between the two nearest by rank, linearly."""
    values = sorted(values)
    rank = p / 100 * (len(values) - 1)
    low = int(rank)
    fraction = rank - low
    if fraction == 0:
        return values[low]
    return values[low] + (values[low + 1] - values[low]) * fraction


def top(totals, n):
    return [list(item) for item in sorted(totals.items(), key=lambda item: (-item[1], item[0]))[:n]]


def main():
    with open(sys.argv[1], encoding="utf-8", newline="") as file:
        lines = file.read().removesuffix("\n").split("\n")
    malformed = errors = 0
    by_status, bytes_by_status, by_hour, by_path, by_client = {}, {}, {}, {}, {}
    sizes = []
    for line in lines:
        entry = parse(line)
        if entry is None:
            malformed += 1
            continue
        client, hour, path, status, size = entry
        sizes.append(size)
        if status >= 400:
            errors += 1
        status = f"{status // 100}xx"
        by_status[status] = by_status.get(status, 0) + 1
        bytes_by_status[status] = bytes_by_status.get(status, 0) + size
        by_hour[hour] = by_hour.get(hour, 0) + 1
        by_path[path] = by_path.get(path, 0) + 1
        by_client[client] = by_client.get(client, 0) + 1
    report = {
        "requests": len(sizes),
        "malformed": malformed,
        "bytes": sum(sizes),
        "requests_by_status": by_status,
        "bytes_by_status": bytes_by_status,
        "errors": errors / len(sizes),
        "requests_by_hour": by_hour,
        "top_paths": top(by_path, 10),
        "top_clients": top(by_client, 10),
        "size": {"median": percentile(sizes, 50), "p95": percentile(sizes, 95), "largest": max(sizes)},
    }
    print(json.dumps(report, sort_keys=True))


main()
