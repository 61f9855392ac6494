"""drcheck verifies promises about backups and recovery.

Policy files state what was promised; collectors and readers gather evidence of what exists and what was
restored; evaluators in :mod:`drcheck.core` judge each commitment *met*, *breached* or *unknown*; reports show
the verdict with its evidence: policy -> evidence -> verdict -> report.
"""

__version__ = "0.1.0"
