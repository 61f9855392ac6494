"""The report as PDF/A-3a and PDF/UA-1, to file and to sign: answer, exceptions, pictures; all there was is attached."""
