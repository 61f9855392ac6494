"""How hard to try: ``DRCHECK_ORACLE=thorough`` tries many times as many worlds as continuous integration does.

``brief`` tries a tenth of them: enough to see that another Python runs the same.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

EFFORT = os.environ.get("DRCHECK_ORACLE", "")
THOROUGH = EFFORT == "thorough"
BRIEF = EFFORT == "brief"


def _settings(examples: int, *, times: int = 40) -> settings:
    """``times``: how many times as many examples are tried thoroughly."""
    return settings(
        max_examples=examples * (times if THOROUGH else 1) // (10 if BRIEF else 1),
        derandomize=not THOROUGH,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )


thoroughly = _settings(120)
often = _settings(500, times=12)
"""For small worlds in which much must come together."""
briefly = _settings(80)
slowly = _settings(30, times=160)
"""For worlds that take long to walk through: as many as ``thoroughly`` where many are tried."""
