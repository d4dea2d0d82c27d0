"""The report as tables: of plain text for a terminal, or in Markdown."""

from .quantities import amount, seconds, size


def speed_table(report):
    """Times, and how they compare with the targets. The first row has the titles."""
    rows = [["job", "peers", "they take", "fstool takes", "times as fast (min / median / max)", "rounds",
             "target"]]
    for row in report["comparisons"]:
        ratio = row["ratio"]
        rows.append([row["title"], row["peers"]["name"], seconds(row["peers"]["median"]["seconds"]),
                     seconds(row["fstool"]["median"]["seconds"]),
                     f"{ratio['min']:.2f} / {ratio['median']:.2f} / {ratio['max']:.2f}",
                     str(len(row["fstool"]["runs"])), row["target_text"]])
    return rows


def resource_table(report):
    """Everything else, the peers' figure first."""
    rows = [["job", "processor time", "peak memory", "read", "written", "output on disk", "its size"]]
    for row in report["comparisons"]:
        peers, ours = row["peers"], row["fstool"]
        both = [peers["median"], ours["median"]]
        rows.append([
            row["title"],
            " / ".join(seconds(side["cpu_seconds"]) for side in both),
            " / ".join(size(side["peak_memory"]) for side in both),
            " / ".join(size(side["bytes_read"]) for side in both),
            " / ".join(size(side["bytes_written"]) for side in both),
            f"{size(peers['output_size'])} / {size(ours['output_size'])}",
            f"{size(peers['apparent_size'])} / {size(ours['apparent_size'])}"])
    return rows


def scaling_table(series):
    """The median times of one series: a row for each x, a column for each line and one for the number of rounds."""
    lines = series["lines"]
    values = sorted({point["x"] for points in lines.values() for point in points})
    rows = [[series["axis"], *lines, "rounds"]]
    for x in values:
        at_x = [next((point for point in points if point["x"] == x), None) for points in lines.values()]
        cells = [seconds(point["median"]["seconds"]) if point else "–" for point in at_x]
        rounds = min(len(point["runs"]) for point in at_x if point)
        rows.append([amount(x, series["axis"]), *cells, str(rounds)])
    return rows


def as_markdown(rows):
    lines = [f"| {' | '.join(cells)} |" for cells in rows]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    return "\n".join(lines)


def as_text(rows):
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(cells, widths)).rstrip() for cells in rows]
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join(lines)


def report_text(report):
    """All that there is to say, for a terminal."""
    parts = [headline(report)]
    if report["comparisons"]:
        parts += [as_text(speed_table(report)), as_text(resource_table(report))]
    for series in report["scaling"]:
        parts += [series["title"] + ":\n" + as_text(scaling_table(series))]
    notes = [f"failed: {row['name']}: {row['reason']}" for row in report["failed"]]
    notes += [f"left out: {row['name']}: {row['reason']}" for row in report["skipped"]]
    notes += [f"missed: {text}" for text in report["missed"]]
    return "\n\n".join(parts + (["\n".join(notes)] if notes else [])) + "\n"


def headline(report):
    run = report["run"]
    machine = run["machine"]
    scale = "" if run["scale"] == 1 else f", data sets of {run['scale']:g} of their size"
    sync = ", fstool waits for the disk" if run["sync"] else ""
    return (f"{run['fstool']}{scale}{sync}; {machine['processors']} processors "
            f"({machine['processor']}), {machine['memory'] / (1 << 30):.0f} GiB of memory, Linux {machine['kernel']}")
