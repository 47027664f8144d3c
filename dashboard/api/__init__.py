"""The queue protocol's classic revision, served to the team's scripts."""
