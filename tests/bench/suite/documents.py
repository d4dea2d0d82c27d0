"""The report in docs/performance.md: one section, which is replaced as a whole, and its pictures in docs/images."""

import json
from textwrap import indent

from .plots import all_plots
from .tables import as_markdown, headline, report_text, resource_table, scaling_table, speed_table

HEADING = "## Beside the peers"


def write_results(report, directory):
    """Writes report.json, report.txt, report.md and the plots."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    (directory / "report.txt").write_text(report_text(report), encoding="utf-8")
    plots = all_plots(report)
    (directory / "report.md").write_text(section(report, plots, ""), encoding="utf-8")
    write_plots(plots, directory)


def update_documents(report, docs):
    """Replaces the section of docs/performance.md, or adds it, and the plots."""
    page = docs / "performance.md"
    text = page.read_text(encoding="utf-8")
    plots = all_plots(report)
    page.write_text(replace_section(text, section(report, plots, "images/")), encoding="utf-8")
    write_plots(plots, docs / "images")


def replace_section(page, new):
    """`page` with the section `new` in place of the one of that heading, or at the end."""
    begin = page.find(HEADING + "\n")
    if begin < 0:
        return page.rstrip("\n") + "\n\n" + new
    end = page.find("\n## ", begin)
    return page[:begin] + (new if end < 0 else new + page[end:])


def write_plots(plots, directory):
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in plots.items():
        (directory / name).write_text(content, encoding="utf-8")


def section(report, plots, prefix):
    """In Markdown; plots are linked to in the folder `prefix`."""
    parts = [HEADING, indent(report["run"]["command"], "    "), f"{headline(report)}.",
             "Peers: " + "; ".join(report["run"]["tools"]) + "."]
    if report["comparisons"]:
        parts += [as_markdown(speed_table(report)),
                  "What else they took, the peers' figure first: medians; bytes are those of system calls, whether "
                  "they came from the page cache or not.", as_markdown(resource_table(report))]
    for series in report["scaling"]:
        parts += [f"{series['title']}:", as_markdown(scaling_table(series))]
    if report["missed"]:
        parts += ["Missed:", "\n".join(f"* {text}" for text in report["missed"])]
    if absent := report["failed"] + report["skipped"]:
        parts += ["Not measured:", "\n".join(f"* {row['name']}: {row['reason']}" for row in absent)]
    parts += [f"![{name}]({prefix}{name})" for name in plots]
    return "\n\n".join(parts) + "\n"
