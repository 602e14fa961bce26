"""Where the settings of the panels or the place and the sky disagree: a fault, in words.

Reads and writes: nothing; pure.
Never: reports what the days do not show clearly: a difference of less than three sigma, or of fewer
clear days, or one with which the forecast would be no better.
"""

from collections.abc import Collection

from appliance.errors import ApplianceError
from appliance.settings import Settings
from appliance.wording.sentence import say
from power.plan.learned_array import LOW_SCALE, LearnedArray

LEAST_AZIMUTH_DEG, LEAST_TILT_DEG = 30.0, 20.0
SIGMAS = 3.0
STAYS = 0.6  # of both, for a fault that is open
LEAST_TILT_FOR_DIRECTION_DEG = 10.0
LEAST_ERROR, BETTER = 0.10, 0.5  # of the settings on days that were not learned from
SEVERAL = say(
    "Panels that face several ways look flatter, and turned: then leave the settings as they are."
)
NAMES = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")


class ArrayDirection(ApplianceError):  # noqa: N818  (named for what it is)
    """The panels do not face where the settings say."""

    code = "pv-direction"


def check_direction(
    learned: LearnedArray | None, settings: Settings, open_codes: Collection[str] = ()
) -> ArrayDirection | None:
    """The fault; None where the settings fit, or too little is known."""
    if learned is None:
        return None
    if not learned.has_sun:
        return ArrayDirection(describe_dark(learned.dark_share, settings))
    share = STAYS if ArrayDirection.code in open_codes else 1.0
    return compare_direction(learned, settings, share) if learned.is_better else None


def compare_direction(
    learned: LearnedArray, settings: Settings, share: float
) -> ArrayDirection | None:
    """Of panels that the plan takes for others than the settings say; `share`: of the limits."""
    if learned.settings_error < share * LEAST_ERROR:
        return None
    if learned.learned_error > BETTER * learned.settings_error:
        return None
    fit, panels = learned.fit, settings.panels
    said_deg = panels.get_azimuth_deg(settings.site)
    azimuth_off = abs((fit.azimuth_deg - said_deg + 180) % 360 - 180)
    least_azimuth = share * max(LEAST_AZIMUTH_DEG, SIGMAS * fit.azimuth_sigma_deg)
    is_tilted = min(fit.tilt_deg, panels.tilt_deg) >= LEAST_TILT_FOR_DIRECTION_DEG
    if is_tilted and azimuth_off > least_azimuth:
        return ArrayDirection(describe_azimuth(learned, said_deg))
    least_tilt = share * max(LEAST_TILT_DEG, SIGMAS * fit.tilt_sigma_deg)
    if abs(fit.tilt_deg - panels.tilt_deg) > least_tilt:
        return ArrayDirection(describe_tilt(learned, panels.tilt_deg))
    return None


def describe_azimuth(learned: LearnedArray, said_deg: float) -> str:
    """The fault of a direction."""
    fit, name = learned.fit, name_direction(learned.fit.azimuth_deg)
    return say(
        "the panels seem to face {azimuth_deg:.0f} degrees ({name}, +- "
        "{azimuth_sigma_deg:.0f}, from {days} clear days), the settings say {said_deg:g} "
        "({direction}): check the mounting, or set panels.azimuth_deg; where the panels "
        "are right, check site.longitude_deg and the clock. {several} Until then the plan "
        "goes by what the panels gave{scale}",
        azimuth_deg=fit.azimuth_deg,
        name=name,
        azimuth_sigma_deg=fit.azimuth_sigma_deg,
        days=fit.days,
        said_deg=said_deg,
        direction=name_direction(said_deg),
        several=SEVERAL,
        scale=describe_scale(learned),
    )


def describe_tilt(learned: LearnedArray, said_deg: float) -> str:
    """The fault of a tilt."""
    fit = learned.fit
    return say(
        "the panels give what a tilt of {tilt_deg:.0f} degrees gives (+- "
        "{tilt_sigma_deg:.0f}, from {days} clear days), the settings say {said_deg:g}: "
        "check the mounting, or set panels.tilt_deg. {several} Until then the plan goes by "
        "what the panels gave{scale}",
        tilt_deg=fit.tilt_deg,
        tilt_sigma_deg=fit.tilt_sigma_deg,
        days=fit.days,
        said_deg=said_deg,
        several=SEVERAL,
        scale=describe_scale(learned),
    )


def describe_scale(learned: LearnedArray) -> str:
    """What is missing as well: the check of the yield sees it only beside right settings."""
    if learned.fit.scale >= LOW_SCALE:
        return ""
    return say(
        ". They also give only {scale_pct:.0f} % of what panels.peak_w lets expect in a clear "
        "sky: look whether all strings are connected",
        scale_pct=100 * learned.fit.scale,
    )


def describe_dark(dark_share: float, settings: Settings) -> str:
    """The fault of a place or a clock."""
    site = settings.site
    return say(
        "the panels gave {dark_pct:.0f} % of their energy on clear days while the sun is "
        "down at latitude {latitude_deg:g} and longitude {longitude_deg:g}: check "
        "site.latitude_deg (north is positive), site.longitude_deg (east is positive) and "
        "the clock. Until then the plan knows nothing of the sun",
        dark_pct=100 * dark_share,
        latitude_deg=site.latitude_deg,
        longitude_deg=site.longitude_deg,
    )


def name_direction(azimuth_deg: float) -> str:
    """The nearest of the eight directions."""
    return NAMES[round(azimuth_deg / 45) % 8]
