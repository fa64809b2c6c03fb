"""The report's figures, one module each, all in one style."""
