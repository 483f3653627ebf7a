"""Every way to put eight queens on a chessboard, as `examples/queens.lau` finds them.

    python3 examples/python/queens.py
"""

import json

SIZE = 8


def safe(board, column):
    following = len(board)
    for row in range(following):
        apart = abs(board[row] - column)
        if apart == 0 or apart == following - row:
            return False
    return True


def place(board, ways):
    if len(board) == SIZE:
        ways.append(board)
        return ways
    for column in range(SIZE):
        if safe(board, column):
            place(board + [column], ways)
    return ways


def main():
    ways = place([], [])
    first = [" ".join("Q" if at == column else "." for at in range(SIZE)) for column in ways[0]]
    print(json.dumps({"count": len(ways), "first": first}, sort_keys=True))


main()
