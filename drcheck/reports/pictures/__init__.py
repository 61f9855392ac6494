"""Pictures of verdicts as SVG, drawn once for every format that shows them.

Each tells its status by height or shape as well as by colour, so that it can be read in black and white, and has a
title and a description for those who hear it. No text in one comes from evidence: labels are dates and figures.
"""
