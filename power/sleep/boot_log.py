"""The boot that runs now: its record on disk, and the `Wake` row of each energy check.

Reads and writes: boots.json, by power/sleep/boot_record.py.
Never: writes a record that has not changed, or stops the service, or lets it wait for long, because
the disk is broken.
"""

from dataclasses import replace

from appliance.model import BatteryState, Stamp, Wake
from appliance.process.service import Service
from appliance.wording.sentence import as_sentence, say
from power.sleep import boot_record
from power.sleep.boot_check import Boot, BootEnd, begin_boot, is_end_of_sleep
from power.sleep.boot_record import BootsError
from power.sleep.bounded import BoundedCalls


class BootLog:
    """Holds the record of the boot; `boot` is replaced, and `save` writes it when it differs.
    `was_off`: a sleep with the power off ended with this start of the service.
    """

    def __init__(self, service: Service) -> None:
        self._service, self._path = service, service.settings.boot_record_file
        self._written: Boot | None = None
        self._disk = BoundedCalls()
        before, now = self._read(), service.clock.stamp()
        self.was_off = is_end_of_sleep(before, now)
        self.boot = begin_boot(before, now)

    def save(self) -> BootsError | None:
        """Write the record; the error where the disk does not take it."""
        error = self.write(self.boot)
        if error is None:
            self._written = self.boot
        return error

    def write(self, boot: Boot) -> BootsError | None:
        """Write any record; the error where the disk does not take it, or hangs."""
        try:
            self._disk.run(lambda: boot_record.write(self._path, boot))
        except BootsError as error:
            return error
        except TimeoutError as error:
            return self._describe_hang(error)
        return None

    @property
    def has_changed(self) -> bool:
        """Whether the disk has another record, or none that is known."""
        return self.boot != self._written

    def replace(self, boot: Boot, *, is_written: bool) -> None:
        """Take a record that was written elsewhere, or that could not be written."""
        self.boot, self._written = boot, boot if is_written else None

    def finish(self) -> None:
        """Write a clean end, unless a sleep is what ends the service. Raises `BootsError`."""
        if self.boot.end is BootEnd.RUNNING:
            self.boot = replace(self.boot, end=BootEnd.STOPPED)
        error = self.write(self.boot)
        if error:
            raise error

    def record_wake(self, why: str, battery: BatteryState, now: Stamp, *, stays: bool) -> Wake:
        """The row that says why the unit stays up or goes back to sleep; logged as well."""
        boot, charge_pct = self.boot, battery.state_of_charge_pct
        verb = say("stays up") if stays else say("goes back to sleep")
        self._service.log.info(
            say("the unit {verb} ({cause}): {why}", verb=verb, cause=boot.cause, why=why),
            failed_boots=boot.failed,
        )
        return Wake(
            now, boot.asleep_since, as_sentence(boot.cause), boot.failed, charge_pct, stays, why
        )

    def _read(self) -> Boot | None:
        try:
            return self._disk.run(lambda: boot_record.read(self._path))
        except BootsError as error:
            self._service.report_fault(error)
        except TimeoutError as error:
            self._service.report_fault(self._describe_hang(error))
        return None

    def _describe_hang(self, error: TimeoutError) -> BootsError:
        return BootsError(
            say(
                "the record of boots {path} cannot be read or written: {error}; check whether the "
                "disk hangs",
                path=self._path,
                error=error,
            )
        )
