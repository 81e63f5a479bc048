"""What a reader must know beside the figures: what is missing, what is not settled, which data."""

from api.report import Report


def notes(report: Report) -> list[str]:
    """Give the sentences of a report's coverage, what it is compared with, and its snapshot."""
    told = []
    if report.compared:
        told.append(f"Before: {report.compared[0]} to {report.compared[1]}.")
    told += report.coverage.get("notes", [])
    if report.has_more:
        told.append("More rows follow.")
    written = f"{report.generated_at:%Y-%m-%d %H:%M} UTC"
    return [*told, f"Snapshot {report.snapshot}, written {written}."]
