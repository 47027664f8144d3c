"""The web half: settings, URLs, pages, JSON API. Knows HTTP, decides nothing."""
