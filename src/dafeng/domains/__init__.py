"""The first floor: one room per job of the city. A domain never imports another domain."""
