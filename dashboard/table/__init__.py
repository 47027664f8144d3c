"""The live table of generations: filters, pages, changes, and the cached HTML of its rows."""
