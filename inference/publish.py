"""Makes events of stories that are over: each with its picture, and with its film if it has one.

Reads: nothing. Writes: pictures and films, onto the shelf.
Never: keeps an event to itself because its picture or its film cannot be stored, or does not come.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from appliance.errors import StoreError
from appliance.model import Event
from inference.cameras.watched import WatchedCamera
from inference.detection.head_blur import jpeg
from inference.events import lifecycle
from inference.events.lifecycle import Story
from inference.events.snapshots import SnapshotShelf

FILM_COMES_S = 10.0  # picture seconds after the end of a story


@dataclass(frozen=True, slots=True)
class Untold:
    """A story that is over and waits for its film."""

    camera: WatchedCamera
    story: Story
    until_s: float


class Telling:
    """The stories that are over; `fault` is told of what cannot be stored."""

    def __init__(
        self, shelf: SnapshotShelf, blur_heads: bool, fault: Callable[[StoreError], None]
    ) -> None:
        self._shelf = shelf
        self._blur_heads = blur_heads
        self._fault = fault
        self._untold: list[Untold] = []

    def over(self, camera: WatchedCamera, stories: Iterable[Story], now_s: float) -> None:
        """These stories of the camera are over."""
        self._untold += [Untold(camera, story, now_s + FILM_COMES_S) for story in stories]

    def events(self, now_s: float) -> list[Event]:
        """The events that can be told now."""
        waiting = [one for one in self._untold if self._waits(one, now_s)]
        told = [one for one in self._untold if one not in waiting]
        self._untold = waiting
        return [self._event(one.camera, one.story) for one in told]

    def tidy(self) -> None:
        """Let the shelf delete what is too old, or too much."""
        try:
            self._shelf.tidy()
        except StoreError as error:
            self._fault(error)

    def _waits(self, one: Untold, now_s: float) -> bool:
        return one.camera.films.is_due(one.story.event_id) and now_s < one.until_s

    def _event(self, camera: WatchedCamera, story: Story) -> Event:
        return lifecycle.told(story, self._snapshot(story), self._film(camera, story))

    def _snapshot(self, story: Story) -> str | None:
        data = jpeg(story.best, self._blur_heads)
        return self._stored(lambda: self._shelf.put(story.event_id, story.first.utc, data))

    def _film(self, camera: WatchedCamera, story: Story) -> str | None:
        film = camera.films.film_of(story.event_id)
        if film is None:
            return None
        data = bytes(film.data)
        return self._stored(lambda: self._shelf.put_film(story.event_id, story.first.utc, data))

    def _stored(self, put: Callable[[], str]) -> str | None:
        """The path of what was put onto the shelf, None where that failed."""
        try:
            return put()
        except StoreError as error:
            self._fault(error)
            return None
