"""Stored files: recognise images and videos, make thumbnails, and keep bytes in the storage."""
