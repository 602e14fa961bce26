"""Reads a bill of materials with other people's programs: `read_sbom.py FILE`.

Prints what lib4sbom finds, as JSON. Ends with 1 where CycloneDX's schema or SPDX's checks refuse
the file.
"""

import json
import sys
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from lib4sbom.parser import SBOMParser
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

path = Path(sys.argv[1])
if path.name.endswith(".cdx.json"):
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(path.read_text())
else:
    wrong = validate_full_spdx_document(parse_file(str(path)))
if wrong:
    sys.exit(str(wrong)[:4000])
parser = SBOMParser()
parser.parse_file(str(path))
packages = parser.get_packages()
print(json.dumps([[one["name"], one.get("version", "")] for one in packages]))
