"""`mtd report`: one page to put beside a paper, which a browser opens from a file, without a network."""
