"""`make bench-page`."""

from appliance.store.prepare import prepare_database
from provisioning.command import claim_port
from provisioning.laptop import START, Laptop, RunRequest
from tests.bench.page.at_rest import measure_at_rest
from tests.bench.page.audit import measure_audits
from tests.bench.page.cold_start import measure_cold_start
from tests.bench.page.events import measure_events
from tests.bench.page.unit import fill
from tests.bench.page.visit import measure_visits
from tests.bench.report import OUT, Figure, publish, quick
from tests.stand_ins.chromium import PROGRAM


def main() -> None:
    short = quick("page")
    laptop = Laptop(RunRequest(240, claim_port(0), OUT / "page", start=START))
    prepare_database(laptop.settings.database)
    figures, times = measure_cold_start(laptop, short=short)
    named: dict[str, float] = {}
    if PROGRAM:
        fill(laptop)
        visits = measure_visits(laptop)
        resting, rss_mb = measure_at_rest(laptop, short=short)
        audits, judged = measure_audits(laptop, short=short)
        figures += [*visits, *resting, *audits]
        named = {**find_first_view(visits), "rss_mb": rss_mb, **judged}
    big = measure_events(short=short)
    named["big_page_ms"] = big["big_page_ms"]
    figures.append(
        Figure("slowest question about a year of events", big["big_page_ms"], "ms", 200.0)
    )
    publish("page", figures, short, also=named, seconds=times, big_page=big)


def find_first_view(visits: list[Figure]) -> dict[str, float]:
    """The largest and the slowest of the screens."""
    return {
        "first_view_kb": max(one.value for one in visits if one.name.endswith(", bytes")),
        "interactive_ms": 1000 * max(o.value for o in visits if o.name.endswith(", interactive")),
    }


if __name__ == "__main__":
    main()
