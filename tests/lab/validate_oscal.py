"""Says of OSCAL documents what is wrong with them by NIST's definitions: run by the Python that has those."""

from __future__ import annotations

import json
import logging
import sys

from oscal import AssessmentResults

logging.disable()
json.dump({file: AssessmentResults.load(file).validation_errors for file in sys.argv[1:]}, sys.stdout)
