"""The plan: from the typed model to stages, with what each reads, writes and waits for."""
