"""What dpkg is told of the package: its name, what it needs, who may have a time service. Pure.

In: version, architecture, size, maintainer. Out: the texts of control, copyright and changelog.
Never: names a configuration file: settings are the technician's, and dpkg asks nobody about them.
"""

import re
from email.utils import formatdate

from provisioning.installation.packages import OTHER_TIME_SERVICES, PACKAGES

NAME = "appliance"
PYTHONS = ("3.11", "3.12", "3.13")  # Debian 12, Ubuntu 24.04 (JetPack 7), Debian 13
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
MAINTAINER = "Neural Energy <maintainers@neural-energy.example>"  # nobody reads this address
ADDRESS = re.compile(r"[^\x00-\x1f<>,]+ <[^\s<>@,]+@[^\s<>@,]+>")
CONTROL = """Package: {name}
Version: {version}
Architecture: {architecture}
Maintainer: {maintainer}
Installed-Size: {size_kib}
Depends: {depends}
Section: embedded
Priority: optional
Description: firmware stack of the Neural Energy mobile unit
 Measures the energy of a solar-powered unit, plans how to spend it, analyses
 its cameras as far as the energy allows, and keeps its data through power cuts.
 .
 Its Python packages are inside: no network is needed beside that of apt.
 Nothing is started before /etc/appliance/unit.toml is that of this unit.
"""
COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Neural Energy appliance

Files: *
Copyright: 2026 Neural Energy
License: Apache-2.0
 On Debian systems the text of the licence is in
 /usr/share/common-licenses/Apache-2.0.

Files: usr/lib/appliance/wheels/*
Copyright: the authors of each; METADATA and licence texts are in each wheel
License: each-its-own
 All are permissive: BSD, MIT, Apache-2.0, ISC, PSF, ZPL-2.1, EPL-2.0 or BSD-3.
"""
LINTIAN = """# Unit files come from provisioning/install, which asks PID 1 itself.
appliance: maintainer-script-calls-systemctl *
"""
CHANGELOG = """{name} ({version}) unstable; urgency=medium

  * Release {version}.

 -- {maintainer}  {date}
"""


def list_needs() -> list[str]:
    """What `provisioning/install` would else fetch by apt-get: dpkg runs it, and is locked."""
    newest = f"{PYTHONS[-1].partition('.')[0]}.{int(PYTHONS[-1].partition('.')[2]) + 1}"
    time_service = " | ".join(("systemd-timesyncd", *OTHER_TIME_SERVICES))
    needs = [time_service if name == "systemd-timesyncd" else name for name in sorted(PACKAGES)]
    return [f"python3 (>= {PYTHONS[0]})", f"python3 (<< {newest})", *needs]


def format_control(
    version: str, *, machine: str, size_kib: int, maintainer: str = MAINTAINER
) -> str:
    return CONTROL.format(
        name=NAME,
        version=version,
        architecture=ARCHITECTURES[machine],
        maintainer=maintainer,
        size_kib=size_kib,
        depends=", ".join(list_needs()),
    )


def format_changelog(version: str, epoch_s: int, maintainer: str = MAINTAINER) -> str:
    """`epoch_s`: seconds since 1970."""
    date = formatdate(epoch_s)
    return CHANGELOG.format(name=NAME, version=version, maintainer=maintainer, date=date)
