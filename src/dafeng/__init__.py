"""dafeng 达峰: the open platform on which a city runs its carbon peak."""

__version__ = "0.1.0"
