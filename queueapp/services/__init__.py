"""The verbs. Each exists once and is called alike by pages, API, admin, commands and the pump."""
