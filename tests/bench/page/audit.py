"""What judges from elsewhere say of the page: axe-core on every view, screen and theme; Lighthouse.

axe-core comes with axe-playwright-python; Lighthouse from npm, in build/page-audit, where npm is.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from appliance.web.views.listed import VIEWS
from provisioning.laptop import Laptop
from tests.bench.page.unit import ServedPage, serve_page
from tests.bench.report import OUT, ROOT, Figure
from tests.stand_ins.playwright_browser import SIZES, Scheme, count_violations, open_browser

HERE = Path(__file__).parent / "lighthouse"
INSTALLED = ROOT / "build/page-audit"
CATEGORIES = ("performance", "accessibility", "best-practices")
LEAST_SCORE = 95
CHROME_FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-background-networking"
RUN_S = 180


def measure_audits(laptop: Laptop, *, short: bool) -> tuple[list[Figure], dict[str, float]]:
    """The figures, and those that stand at the top of the JSON."""
    with serve_page(laptop) as page:
        violations = sum(count_everywhere(page, short=short).values())
        scores = measure_lighthouse(page, short=short)
    figures = [Figure("axe, violations on all views", violations, "", 0)]
    named: dict[str, float] = {"axe_violations": violations}
    if scores:
        named["lighthouse_min"] = min(scores.values())
        figures += [
            Figure(f"Lighthouse, {name}", score, "of 100", LEAST_SCORE, at_least=True)
            for name, score in scores.items()
        ]
    return figures, named


def count_everywhere(page: ServedPage, *, short: bool) -> dict[str, int]:
    """Axe's violations by view, screen and theme; each is printed with its element."""
    found = {}
    schemes: tuple[Scheme, ...] = ("light",) if short else ("light", "dark")
    with open_browser() as browser:
        for name, size in SIZES.items():
            for scheme in schemes:
                context = browser.new_context(viewport=size, color_scheme=scheme)
                for view in VIEWS:
                    tab = context.new_page()
                    tab.goto(f"{page.address}{view.path}")
                    found[f"{view.name}, {name}, {scheme}"] = count_violations(tab)
                    tab.close()
                context.close()
    return found


def measure_lighthouse(page: ServedPage, *, short: bool) -> dict[str, float]:
    """Scores of 100 by screen, view and category; none where npm is missing."""
    if not install_lighthouse():
        print("Lighthouse is left out: npm is not installed")
        return {}
    views = ("/",) if short else ("/", "/events")
    presets = ("phone",) if short else ("phone", "desktop")
    return {
        f"{preset}, {path}, {category}": score
        for preset in presets
        for path in views
        for category, score in run_lighthouse(f"{page.address}{path}", preset).items()
    }


def install_lighthouse() -> bool:
    """Into build/page-audit, as its lock file says; False where there is no npm."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        return False
    INSTALLED.mkdir(parents=True, exist_ok=True)
    lock = INSTALLED / "package-lock.json"
    wanted = (HERE / "package-lock.json").read_bytes()
    if (INSTALLED / "node_modules").is_dir() and lock.exists() and lock.read_bytes() == wanted:
        return True
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, INSTALLED / name)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
    subprocess.run(command, cwd=INSTALLED, check=True)
    return True


def run_lighthouse(address: str, preset: str) -> dict[str, float]:
    """One run of Lighthouse 12."""
    report = OUT / "lighthouse.json"
    command = [
        "node",
        str(INSTALLED / "node_modules/lighthouse/cli/index.js"),
        address,
        "--quiet",
        "--output=json",
        f"--output-path={report}",
        f"--only-categories={','.join(CATEGORIES)}",
        f"--chrome-flags={CHROME_FLAGS}",
        *(["--preset=desktop"] if preset == "desktop" else []),
    ]
    chrome = {"CHROME_PATH": str(shutil.which("chromium"))}
    subprocess.run(command, check=True, timeout=RUN_S, env={**os.environ, **chrome})
    document: dict[str, Any] = json.loads(report.read_text())
    return {name: document["categories"][name]["score"] * 100 for name in CATEGORIES}
