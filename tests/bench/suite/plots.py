"""The report as pictures: SVG 1.1 with nothing but lines, circles and text, on a white ground.

Both kinds have logarithmic axes: what counts is how many times one figure is another, and jobs differ by orders of
magnitude.
"""

import math
from html import escape

from .quantities import amount, seconds, size

FONT = 'font-family="Helvetica, Arial, sans-serif" font-size="12"'
INK, PALE, GRID = "#222222", "#777777", "#dddddd"
FSTOOL, PEERS = "#0060b0", "#d06000"
LINE_COLOURS = (FSTOOL, PEERS, "#208040", "#8030a0", "#b02040")

METRIC_PLOTS = (  # file name, title, how to get a side's value, how to say it
    ("time", "Time", lambda side: side["median"]["seconds"], seconds),
    ("processor-time", "Processor time", lambda side: side["median"]["cpu_seconds"], seconds),
    ("memory", "Peak memory", lambda side: side["median"]["peak_memory"], size),
    ("read", "Bytes read", lambda side: side["median"]["bytes_read"], size),
    ("written", "Bytes written", lambda side: side["median"]["bytes_written"], size),
    ("output", "Output on disk", lambda side: side["output_size"], size),
)


def all_plots(report):
    """File names and their texts."""
    plots = {}
    if report["comparisons"]:
        for name, title, value, text in METRIC_PLOTS:
            rows = [(f"{row['title']} – {row['peers']['name']}", value(row["peers"]), value(row["fstool"]))
                    for row in report["comparisons"]]
            plots[f"bench-{name}.svg"] = pair_plot(title, rows, text)
    for series in report["scaling"]:
        plots[f"bench-over-{series['name']}.svg"] = line_plot(series)
    return plots


class LogScale:
    """Places positive values on a stretch of pixels; the ends are powers of ten around them."""

    def __init__(self, values, begin, end):
        self.first = math.floor(math.log10(min(values)))
        self.last = max(math.ceil(math.log10(max(values))), self.first + 1)
        self.begin, self.end = begin, end

    def __call__(self, value):
        return self.begin + (self.end - self.begin) * (math.log10(value) - self.first) / (self.last - self.first)

    def ticks(self):
        return [10.0**power for power in range(self.first, self.last + 1)]


def pair_plot(title, rows, text):
    """A row for each job, with a dot for the peers' value, one for fstool's, and a line between them."""
    rows = [(label, max(theirs, 1e-4), max(ours, 1e-4)) for label, theirs, ours in rows]
    left, width, row_height, top = 470, 980, 24, 74
    bottom = top + row_height * len(rows)
    scale = LogScale([value for _, *values in rows for value in values], left + 10, width - 90)
    parts = [text_at(16, 24, title, size_=16), *legend([("fstool", FSTOOL), ("peers", PEERS)], 16, 48)]
    for tick in scale.ticks():
        parts += [line(scale(tick), top - 8, scale(tick), bottom, GRID),
                  text_at(scale(tick), top - 12, text(tick), PALE, "middle")]
    for number, (label, theirs, ours) in enumerate(rows):
        y = top + row_height * (number + 0.5)
        parts += [text_at(left, y + 4, label, anchor="end"), line(scale(ours), y, scale(theirs), y, PALE),
                  dot(scale(theirs), y, PEERS), dot(scale(ours), y, FSTOOL),
                  text_at(max(scale(ours), scale(theirs)) + 9, y + 4, f"{theirs / ours:.2g} ×", PALE)]
    return document(width, bottom + 16, parts)


def line_plot(series):
    """The lines of a series: median times over the axis."""
    lines = {name: [(point["x"], max(point["median"]["seconds"], 1e-4)) for point in points]
             for name, points in series["lines"].items()}
    points = [point for line_points in lines.values() for point in line_points]
    width, height, left, top, bottom = 640, 420, 70, 74, 370
    x_scale = LogScale([x for x, _ in points], left, width - 40)
    y_scale = LogScale([y for _, y in points], bottom, top)
    colours = dict(zip(lines, LINE_COLOURS))
    parts = [text_at(16, 24, series["title"], size_=16), *legend(colours.items(), 16, 48)]
    for y in y_scale.ticks():
        parts += [line(left, y_scale(y), width - 40, y_scale(y), GRID),
                  text_at(left - 8, y_scale(y) + 4, seconds(y), PALE, "end")]
    for x in sorted({x for x, _ in points}):
        parts += [line(x_scale(x), top, x_scale(x), bottom, GRID),
                  text_at(x_scale(x), bottom + 18, amount(x, series["axis"]), PALE, "middle")]
    for name, line_points in lines.items():
        places = [(x_scale(x), y_scale(y)) for x, y in sorted(line_points)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts += [f'<polyline points="{path}" fill="none" stroke="{colours[name]}" stroke-width="2"/>',
                  *(dot(x, y, colours[name]) for x, y in places)]
    parts.append(text_at((left + width - 40) / 2, height - 12, series["axis"], anchor="middle"))
    return document(width, height, parts)


def legend(entries, x, y):
    for name, colour in entries:
        yield dot(x + 5, y, colour)
        yield text_at(x + 15, y + 4, name)
        x += 40 + 8 * len(name)


def document(width, height, parts):
    body = "\n".join(parts)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height:.0f}" {FONT}>\n'
            f'<rect width="100%" height="100%" fill="white"/>\n{body}\n</svg>\n')


def text_at(x, y, text, colour=INK, anchor="start", size_=12):
    return (f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}" font-size="{size_}">'
            f"{escape(text)}</text>")


def line(x1, y1, x2, y2, colour):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def dot(x, y, colour):
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>'
