"""Where a policy meets its evidence: wordings over time, the worst of its data sets, totals."""
