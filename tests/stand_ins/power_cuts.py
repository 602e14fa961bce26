"""What a disk may have after a power cut: after each call of a run, in each way that disks differ.

    for cut in list_cuts(lambda files: replace(files, PATH, b"new"), start):
        assert cut.files.read(PATH, most_bytes=9) in (b"old", b"new"), cut

A cut in a recovery is `list_cuts(recover, cut.files)`.

Reads and writes: nothing outside of memory.
Never: gives one image twice for the same call, or runs the program more than once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from tests.stand_ins.memory_tree import Change, Content, Folder, Naming, apply_change
from tests.stand_ins.recording_files import RecordingFiles

SECTOR_BYTES = 512
Names = tuple[tuple[Naming, ...], ...]
Contents = tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """What the disk has (`files`, all durable) after call number `call` (0: before any).

    `kept`: what of the unsynchronized reached the disk: "nothing", "all", "names", "contents",
    "torn" (at random); "-" where all was synchronized.
    """

    files: RecordingFiles
    call: int
    text: str
    kept: str

    def __str__(self) -> str:
        return f"cut after call {self.call} ({self.text}), of what was not synced: {self.kept}"


def list_cuts(
    run: Callable[[RecordingFiles], object],
    start: RecordingFiles | None = None,
    *,
    torn: int = 4,
    seed: int = 0,
) -> Iterator[Cut]:
    """Each different image of the disk after each changing call of `run`, with up to `torn` drawn
    ones per call; first those of `start` itself. `run` is called once, on a copy of `start`.
    """
    played = (start or RecordingFiles()).copy()
    replayed = played.copy()
    run(played)
    random = Random(seed)
    yield from cut_now(replayed, 0, "the start", torn, random)
    for number, call in enumerate(played.calls, 1):
        call.make_again(replayed)
        yield from cut_now(replayed, number, str(call), torn, random)


def cut_now(
    files: RecordingFiles, call: int, text: str, torn: int, random: Random
) -> Iterator[Cut]:
    if not files.renamings and not files.unsynced:
        yield Cut(files.copy(), call, text, "-")
        return
    seen: set[tuple[Names, Contents]] = set()
    for kept, names, contents in draw_kept(files, torn, random):
        if (names, contents) not in seen:
            seen.add((names, contents))
            yield Cut(make_image(files, names, contents), call, text, kept)


def draw_kept(
    files: RecordingFiles, torn: int, random: Random
) -> Iterator[tuple[str, Names, Contents]]:
    """Ways in which the disk may have got the pending names and contents."""
    pending = [(one, files.nodes[one]) for one in sorted(files.unsynced)]
    contents = [(one, node) for one, node in pending if isinstance(node, Content)]
    old = tuple((one, node.disk) for one, node in contents)
    new = tuple((one, node.live) for one, node in contents)
    yield "nothing", (), old
    yield "all", files.renamings, new
    yield "names", files.renamings, old
    yield "contents", (), new
    for _ in range(torn):
        drawn = tuple((one, tear(node, random)) for one, node in contents)
        yield "torn", draw_names(files.renamings, random), drawn


def draw_names(names: Names, random: Random) -> Names:
    """The first few, in order, as a journal keeps them; or any, where there is none."""
    if random.random() < 0.5:
        return names[: random.randint(0, len(names))]
    return tuple(one for one in names if random.random() < 0.5)


def tear(content: Content, random: Random) -> bytes:
    """The old content with each pending change kept, lost, or kept in some sectors only."""
    found = content.disk
    for change in content.pending:
        for part in tear_change(change, random):
            found = apply_change(found, part)
    return found


def tear_change(change: Change, random: Random) -> tuple[Change, ...]:
    offset, data = change
    fate = random.random()
    if fate < 0.2:
        return ()
    if fate < 0.4 or not data:
        return (change,)
    longer = Change(offset + len(data), b"")  # the new length is there before what stands there
    kept = tear_sectors(offset, data, random)
    return (longer, *kept) if fate < 0.7 else kept


def tear_sectors(offset: int, data: bytes, random: Random) -> tuple[Change, ...]:
    """One run of whole sectors of a write; none where it is empty."""
    first = offset // SECTOR_BYTES
    count = (offset + len(data) - 1) // SECTOR_BYTES - first + 1
    begin, end = sorted((random.randint(0, count), random.randint(0, count)))
    low = max(offset, (first + begin) * SECTOR_BYTES)
    high = min(offset + len(data), (first + end) * SECTOR_BYTES)
    return (Change(low, data[low - offset : high - offset]),) if low < high else ()


def make_image(files: RecordingFiles, names: Names, contents: Contents) -> RecordingFiles:
    """The files as a boot finds them where the disk got `names` and `contents`."""
    image = files.copy()
    image.unsynced, image.renamed, image.renamings = frozenset(), frozenset(), ()
    for namings in names:
        image.put_on_disk(namings)
    for number in {one.folder for namings in files.renamings for one in namings}:
        folder = image.get_folder(number)
        image.nodes[number] = Folder(folder.disk, folder.disk)
    for number, data in contents:
        image.nodes[number] = Content(data, data)
    return image
