"""People, the organisations that they act for, and the roles they hold there.

A role is held in an organisation and at a place: a county officer sees the county. Rules about who may do what ask
`roles_of` and `places_of` and nothing else.
"""
