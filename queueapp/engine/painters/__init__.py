"""Painters: each turns an easel into layers, back to front."""
