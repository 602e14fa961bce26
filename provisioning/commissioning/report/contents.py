"""A report in one language, as headings, tables and pictures: what both forms of it show.

    for block in make_contents(report, "ro"): ...

Reads and writes: nothing; pure.
Never: shows a text from outside longer than `LONGEST`, or with signs that cannot be printed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from appliance.wording.sentence import Sentence, say
from appliance.wording.shorten import make_printable, shorten
from appliance.wording.translating import translate
from provisioning.commissioning.findings import Figure, Finding, Verdict
from provisioning.commissioning.report.document import Photograph, Report, StepEntry
from provisioning.commissioning.report.words import PARTS, STATUSES, STEPS, TEXTS, VERDICTS

LONGEST = 500  # characters of one text
MOST_ROWS = 300  # of one table
TIME = "%Y-%m-%d %H:%M UTC"
Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """`caption` is for who does not see it. `marks`: the verdict of each row, "" for none."""

    caption: str
    columns: Cells
    rows: tuple[Cells, ...]
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """`data`: JPEG, `width` x `height` pixels."""

    caption: str
    data: bytes
    width: int
    height: int


Block = Heading | Text | Table | Picture


@dataclass(frozen=True, slots=True)
class Contents:
    """`title`, `language` and the blocks in their order."""

    title: str
    language: str
    blocks: tuple[Block, ...]


def make_contents(report: Report, language: str) -> Contents:
    """All of it in that language."""
    told = Told(language)
    title = told.tell(say("Acceptance report of the unit {unit}", unit=clean(report.unit)))
    return Contents(title, language, tuple(list_blocks(report, told)))


def list_blocks(report: Report, told: "Told") -> Iterator[Block]:
    yield told.make_table(TEXTS["unit"], told.list_unit(report))
    yield from told.add_heading(TEXTS["checks"], told.make_checks(report.checks))
    yield from told.add_heading(TEXTS["open"], *map(told.make_text, told.list_open(report)))
    yield from told.add_heading(TEXTS["photographs"], *told.list_pictures(report.photographs))
    yield from told.add_heading(TEXTS["site"], told.make_values(TEXTS["site"], report.site))
    yield from told.add_heading(
        TEXTS["devices"], told.make_values(TEXTS["devices"], report.devices)
    )
    yield from told.add_heading(TEXTS["steps"], told.make_steps(report.steps))
    versions = [(clean(name), clean(one)) for name, one in report.versions.items()]
    yield from told.add_heading(TEXTS["versions"], told.make_table(TEXTS["versions"], versions))
    yield from told.add_heading(TEXTS["signature"], told.make_text(TEXTS["how to verify"]))


@dataclass(frozen=True, slots=True)
class Told:
    """Blocks in one language."""

    language: str

    def tell(self, text: str) -> str:
        """A sentence in the language, or a text from outside, printable and not endless."""
        return clean(translate(text, self.language))

    def add_heading(self, text: str, *blocks: Block) -> Iterator[Block]:
        yield Heading(self.tell(text))
        yield from blocks

    def make_text(self, text: str) -> Text:
        return Text(self.tell(text))

    def make_table(self, caption: str, rows: Iterable[Cells], *columns: str) -> Table:
        """With two columns and no other words: what, and its value."""
        names = columns or (TEXTS["what"], TEXTS["value"])
        found = tuple(rows)
        return Table(self.tell(caption), tuple(map(self.tell, names)), found[:MOST_ROWS])

    def make_values(self, caption: str, values: Iterable[Figure]) -> Table:
        rows = [(self.tell(one.title), self.tell(format_value(one))) for one in values]
        return self.make_table(caption, rows)

    def list_unit(self, report: Report) -> list[Cells]:
        """What the report is of, and what it stands for."""
        at = say("{time:%Y-%m-%d %H:%M:%S} UTC", time=report.made_at)
        clock = TEXTS["clock right" if report.clock_confirmed else "clock not confirmed"]
        count = say(
            "{passed} passed, {failed} failed, {other} not possible or only noted",
            passed=count_verdicts(report, Verdict.PASSED),
            failed=count_verdicts(report, Verdict.FAILED),
            other=count_verdicts(report, Verdict.NOT_POSSIBLE, Verdict.NOTED),
        )
        rows = (
            (say("Unit"), report.unit),
            (say("Identity"), report.identity),
            (say("Made at"), say("{at} ({clock})", at=at, clock=clock)),
            (say("Technician"), report.who),
            (say("Acceptance test"), count),
            (say("Settings, SHA-256"), report.settings_sha256),
            (say("Licences, SHA-256"), report.licences_sha256),
            (say("Key of the unit, SHA-256"), report.key_sha256),
        )
        return [(self.tell(title), self.tell(value)) for title, value in rows]

    def make_checks(self, checks: Iterable[Finding]) -> Table:
        """Each check: what came of it, why, its figures."""
        found = tuple(checks)[:MOST_ROWS]
        rows = tuple(
            (
                self.tell(one.title),
                self.tell(VERDICTS[one.verdict]),
                self.tell(one.reason),
                self.join(format_figure(figure) for figure in one.figures),
            )
            for one in found
        )
        columns = (TEXTS["check"], TEXTS["result"], TEXTS["reason"], TEXTS["figures"])
        marks = tuple(one.verdict.name.lower() for one in found)
        return Table(self.tell(TEXTS["checks"]), tuple(map(self.tell, columns)), rows, marks)

    def make_steps(self, steps: Iterable[StepEntry]) -> Table:
        """Each step: how it ended, with its evidence."""
        rows = [
            (
                self.tell((STEPS | PARTS).get(one.name, one.name)),
                self.tell(STATUSES.get(one.status, one.status)),
                self.join((one.reason, *one.warnings, *list_facts(one.facts))),
                f"{clean(one.at)[:16]} {clean(one.who)}",
            )
            for one in steps
        ]
        names = (TEXTS["step"], TEXTS["result"], TEXTS["reason"], TEXTS["when and who"])
        return self.make_table(TEXTS["steps"], rows, *names)

    def list_open(self, report: Report) -> tuple[str, ...]:
        return report.left_open or (TEXTS["nothing open"],)

    def list_pictures(self, photographs: Iterable[Photograph]) -> Iterator[Block]:
        """One of each camera, or why there is none."""
        found = tuple(photographs)
        if not found:
            yield self.make_text(TEXTS["no camera"])
        for one in found:
            text = self.tell(say("{camera}: {note}", camera=clean(one.camera, 80), note=one.note))
            if one.data is None:
                yield Text(text)
            else:
                yield Picture(text, one.data, one.width, one.height)

    def join(self, texts: Iterable[str]) -> str:
        return shorten("; ".join(self.tell(text) for text in texts), 2 * LONGEST)


def clean(text: str, longest: int = LONGEST) -> str:
    """A text as it may be shown."""
    return shorten(make_printable(str.__str__(text)), longest)


def list_facts(facts: Mapping[str, str]) -> Iterator[str]:
    for key, value in facts.items():
        yield f"{clean(key, 60)} = {clean(value, 80)}"


def count_verdicts(report: Report, *verdicts: Verdict) -> int:
    return sum(one.verdict in verdicts for one in report.checks)


def format_figure(one: Figure) -> Sentence:
    """A measurement with its name, its unit and its age."""
    named = say("{title}: {value}", title=one.title, value=format_value(one))
    if one.age_s is None:
        return named
    return say("{figure} ({age_s:.0f} s old)", figure=named, age_s=one.age_s)


def format_value(one: Figure) -> str:
    """Three digits that count; a number of a thousand and more has no decimals."""
    if one.value is None:
        return TEXTS["not known"]
    if isinstance(one.value, str):
        return one.value
    if one.value == 0 or abs(one.value) >= 100:
        return say("{value:.0f} {unit}", value=one.value, unit=one.unit)
    return say("{value:.3g} {unit}", value=one.value, unit=one.unit)
