"""The papers of the review: the opinion, and the report by the outline of art. 12, as Word and as tagged PDF."""
