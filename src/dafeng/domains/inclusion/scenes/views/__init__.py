"""Pages of the room: what scenes there are and how to connect, the owner's desk, the operator's forms, the citizen's check-in."""
