"""Views of the pages. A page and the fragments that update it share a view module and templates."""
