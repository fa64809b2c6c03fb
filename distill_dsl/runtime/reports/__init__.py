"""From the scores of an experiment's runs to tables and a figure."""
