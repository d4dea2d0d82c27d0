"""A report that is made in several sittings, on one machine and with the same programs."""

from .measuring import Failure

KINDS = ("comparisons", "scaling", "skipped", "failed")
CONDITIONS = ("fstool", "build", "machine", "scale", "sync", "root")  # what rows of one report have in common


def new_report(run):
    """Without rows; `run` is as report.describe_run() gave it."""
    return {"run": run, **{kind: [] for kind in KINDS}}


def continued(earlier, run):
    """The report `earlier`, to be added to under the conditions of `run`. Raises Failure if they are others."""
    before = earlier["run"]
    for condition in CONDITIONS:
        if before.get(condition) != run[condition]:
            raise Failure(f"can't add to a report of other conditions: {condition} was {before.get(condition)} and is "
                          f"{run[condition]}")
    # Those that have been installed since are in none of its rows.
    if gone := [tool for tool in before["tools"] if tool not in run["tools"]]:
        raise Failure(f"can't add to a report of other programs: {'; '.join(gone)} not found")
    commands = dict.fromkeys([*before["command"].splitlines(), run["command"]])
    return {**earlier, "run": {**run, "command": "\n".join(commands)}}


def put(report, kind, row, names):
    """Adds a row of that kind in place of what the report has of its name. The rows are sorted as `names` are."""
    for rows in map(report.get, KINDS):
        rows[:] = [other for other in rows if other["name"] != row["name"]]
    report[kind].append(row)
    report[kind].sort(key=lambda row: names.index(row["name"]) if row["name"] in names else len(names))
