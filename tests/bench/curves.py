# SPDX-License-Identifier: Apache-2.0
"""Draws what under_flood.py has measured, as an SVG for light and dark pages: a column for each number of sources, a row for
each figure, a curve for each arm over the flood's rate."""
import math
from xml.sax.saxutils import escape

LEFT, TOP, WIDTH, HEIGHT, GAP_X, GAP_Y = 92, 92, 196, 150, 26, 34
GROUND, CEILING = 0.01, 100.0                              # of what is drawn of a loss, %; none is drawn on the ground
FASTEST = 7e6                                              # packets a second, at the right edge
RATES = {1e5: '100 k', 1e6: '1 M'}
MARKS = ('<circle class="{0} mark" cx="{1:.1f}" cy="{2:.1f}" r="3.6"/>',
         '<path class="{0} mark" d="M{1:.1f} {2:.1f}m-3.6-3.6h7.2v7.2h-7.2z"/>',
         '<path class="{0} mark" d="M{1:.1f} {2:.1f}m0-4.6l4.4 7.6h-8.8z"/>',
         '<path class="{0} mark" d="M{1:.1f} {2:.1f}m0-4.8l4.8 4.8l-4.8 4.8l-4.8-4.8z"/>')
STYLE = '''
    text { fill: #1b1f24; }
    .soft { fill: #57606a; font-size: 12px; }
    .name { font-weight: 600; }
    .paper { fill: #ffffff; }
    .frame { fill: none; stroke: #6e7781; }
    .grid { stroke: #d0d7de; stroke-width: 0.8; }
    .goal { stroke: #57606a; stroke-dasharray: 2 3; }
    .curve { fill: none; stroke-width: 1.6; }
    .arm0 { stroke: #6e7781; stroke-dasharray: 6 3; } .arm0.mark { fill: #6e7781; }
    .arm1 { stroke: #b35900; } .arm1.mark { fill: #b35900; } .arm1.curve { stroke-width: 2.8; }
    .arm2 { stroke: #1f6fb2; } .arm2.mark { fill: #1f6fb2; }
    .arm3 { stroke: #7a4fb0; } .arm3.mark { fill: #7a4fb0; }
    .mark { stroke: none; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .soft { fill: #9aa5b1; }
      .paper { fill: #0d1117; }
      .frame { stroke: #8b949e; }
      .grid { stroke: #30363d; }
      .goal { stroke: #9aa5b1; }
      .arm0 { stroke: #9aa5b1; } .arm0.mark { fill: #9aa5b1; }
      .arm1 { stroke: #f0a04b; } .arm1.mark { fill: #f0a04b; }
      .arm2 { stroke: #6cb6ff; } .arm2.mark { fill: #6cb6ff; }
      .arm3 { stroke: #c297ff; } .arm3.mark { fill: #c297ff; }
    }'''


def _logarithm(value, least, most):
    """Where a value stands between two, 0 to 1."""
    return math.log(min(max(value, least), most) / least) / math.log(most / least)


# The rows: name, unit, marks on the axis (value and text), a Point's figure, where that stands.
ROWS = (
    ('media lost', '% of RTP packets', {GROUND: '0', 0.1: '0.1', 1: '1', 10: '10', 100: '100'},
     lambda point: 100 * point.heard.lost, lambda value: _logarithm(value, GROUND, CEILING)),
    ('its delay, p99', 'one way, µs', {10: '10', 100: '100', 1000: '1,000', 10000: '10,000'},
     lambda point: point.heard.delay.p99, lambda value: _logarithm(value, 10, 10000)),
    ('new calls heard', '% of those tried', {0: '0', 50: '50', 100: '100'},
     lambda point: 100 * point.tried.up / point.tried.calls, lambda value: value / 100),
)
LOSS_GOAL = 0.2                                            # %, in the first row


def drawn(arms, calm, sources):
    """`arms`: {title: {(sources, rate): Point}}; `calm` is the key without flood."""
    width = LEFT + len(sources) * (WIDTH + GAP_X)
    height = TOP + len(ROWS) * (HEIGHT + GAP_Y) + 30
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
             'aria-labelledby="title about" font-family="system-ui, \'Segoe UI\', \'DejaVu Sans\', sans-serif" '
             'font-size="13">',
             '<title id="title">Calls under a flood of REGISTERs</title>',
             '<desc id="about">Loss and delay of 50 calls’ media, and the success of new calls, over the rate of the flood, for '
             f'{escape(", ".join(arms))}. The table beside it in performance.md has the same figures.</desc>',
             f'<style>{STYLE}\n</style>', f'<rect class="paper" width="{width}" height="{height}" rx="8"/>', *_legend(arms)]
    for column, number in enumerate(sources):
        x = LEFT + column * (WIDTH + GAP_X)
        parts.append(f'<text class="name" x="{x + WIDTH / 2}" y="{TOP - 12}" text-anchor="middle">'
                     f'{number:,} source{"s" if number > 1 else ""}</text>')
        for row, (name, unit, ticks, figure, place) in enumerate(ROWS):
            y = TOP + row * (HEIGHT + GAP_Y)
            parts += _panel(x, y, ticks, place, labelled=column == 0)
            if column == 0:
                parts.append(_name(14, y + HEIGHT / 2, name, unit))
            if row == 0:
                parts.append(f'<path class="goal" d="M{x} {y + HEIGHT * (1 - place(LOSS_GOAL)):.1f}h{WIDTH}"/>')
            for arm, points in enumerate(arms.values()):
                parts += _curve(arm, [(_across(x, point, key == calm), y + HEIGHT * (1 - place(figure(point))))
                                      for key, point in points.items() if key == calm or key[0] == number])
    parts.append(f'<text x="{LEFT + (width - LEFT) / 2}" y="{height - 12}" text-anchor="middle">packets of the flood that were '
                 'offered, a second</text></svg>')
    return '\n'.join(parts) + '\n'


def _name(x, y, name, unit):
    return (f'<text x="{x}" y="{y}" transform="rotate(-90 {x} {y})" text-anchor="middle"><tspan class="name">{name}</tspan>'
            f'<tspan class="soft" x="{x}" dy="15">{unit}</tspan></text>')


def _across(x, point, is_calm):
    """None stands at the left edge."""
    rate = point.offered / point.seconds
    return x + 8 + (0 if is_calm else 22 + (WIDTH - 38) * _logarithm(rate, 5e4, FASTEST))


def _panel(x, y, ticks, place, labelled):
    yield f'<rect class="frame" x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}"/>'
    for value, text in ticks.items():
        at = y + HEIGHT * (1 - place(value))
        yield f'<path class="grid" d="M{x} {at:.1f}h{WIDTH}"/>'
        if labelled:
            yield f'<text class="soft" x="{x - 6}" y="{at + 4:.1f}" text-anchor="end">{text}</text>'
    yield f'<text class="soft" x="{x + 8}" y="{y + HEIGHT + 15}" text-anchor="middle">0</text>'
    for rate, text in RATES.items():
        at = x + 30 + (WIDTH - 38) * _logarithm(rate, 5e4, FASTEST)
        yield f'<path class="grid" d="M{at:.1f} {y}v{HEIGHT}"/>'
        yield f'<text class="soft" x="{at:.1f}" y="{y + HEIGHT + 15}" text-anchor="middle">{text}</text>'


def _curve(arm, places):
    yield f'<polyline class="arm{arm} curve" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in places)}"/>'
    for x, y in places:
        yield MARKS[arm].format(f'arm{arm}', x, y)


def _legend(arms):
    for arm, title in enumerate(arms):
        x, y = LEFT + (arm % 2) * 350, 22 + 22 * (arm // 2)
        yield from _curve(arm, [(x, y), (x + 15, y), (x + 30, y)])
        yield f'<text x="{x + 38}" y="{y + 4}">{escape(title)}</text>'
    x, y = LEFT + 640, 22
    yield f'<path class="goal" d="M{x} {y}h30"/><text x="{x + 38}" y="{y + 4}">goal at 1 M a second: 0.2 %</text>'
