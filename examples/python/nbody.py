"""The Sun and its four largest planets, moved as `examples/nbody.lau` moves them.

    python3 examples/python/nbody.py
"""

import json
import math

DAYS = 365.24
SOLAR_MASS = 39.47841760435743  # 4 pi squared
STEP = 0.01

# Position, velocity in a day, mass: Sun, Jupiter, Saturn, Uranus, Neptune.
BODIES = [
    ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0], 1.0),
    (
        [4.84143144246472090, -1.16032004402742839, -0.103622044471123109],
        [0.00166007664274403694, 0.00769901118419740425, -0.0000690460016972063023],
        0.000954791938424326609,
    ),
    (
        [8.34336671824457987, 4.12479856412430479, -0.403523417114321381],
        [-0.00276742510726411510, 0.00499852801234917238, 0.0000230417297573763929],
        0.000285885980666130812,
    ),
    (
        [12.8943695621391310, -15.1111514016986312, -0.223307578892655734],
        [0.00296460137564761618, 0.00237847173959480950, -0.0000296589568540237556],
        0.0000436624404335156298,
    ),
    (
        [15.3796971148509165, -25.9193146099879641, 0.179258772950371181],
        [0.00268067772490389322, 0.00162824170038242295, -0.0000951592254519715870],
        0.0000515138902046611451,
    ),
]


def prepared():
    bodies = [(r, [v * DAYS for v in velocity], mass * SOLAR_MASS) for r, velocity, mass in BODIES]
    for axis in range(3):
        momentum = 0.0
        for _, v, mass in bodies:
            momentum += v[axis] * mass
        bodies[0][1][axis] = -momentum / SOLAR_MASS
    return bodies


def energy(bodies):
    result = 0.0
    for i, (r1, v, mass1) in enumerate(bodies):
        result += 0.5 * mass1 * (v[0] * v[0] + v[1] * v[1] + v[2] * v[2])
        for r2, _, mass2 in bodies[i + 1 :]:
            dx, dy, dz = r1[0] - r2[0], r1[1] - r2[1], r1[2] - r2[2]
            result -= mass1 * mass2 / math.sqrt(dx * dx + dy * dy + dz * dz)
    return result


def advance(bodies, steps):
    pairs = [(one, other) for i, one in enumerate(bodies) for other in bodies[i + 1 :]]
    for _ in range(steps):
        for (r1, v1, mass1), (r2, v2, mass2) in pairs:
            dx, dy, dz = r1[0] - r2[0], r1[1] - r2[1], r1[2] - r2[2]
            square = dx * dx + dy * dy + dz * dz
            pull = STEP / (square * math.sqrt(square))
            at_1, at_2 = mass2 * pull, mass1 * pull
            v1[0] -= dx * at_1
            v1[1] -= dy * at_1
            v1[2] -= dz * at_1
            v2[0] += dx * at_2
            v2[1] += dy * at_2
            v2[2] += dz * at_2
        for r, v, _ in bodies:
            r[0] += STEP * v[0]
            r[1] += STEP * v[1]
            r[2] += STEP * v[2]


def main():
    bodies = prepared()
    report = {"start": energy(bodies)}
    advance(bodies, 1_000)
    report["after_1000"] = energy(bodies)
    advance(bodies, 9_000)
    report["after_10000"] = energy(bodies)
    print(json.dumps(report, sort_keys=True))


main()
