"""Who the city's enterprises are: one register for every domain that meters, verifies, finances or grades them.

A domain keeps what it knows of an enterprise in its own tables, with a key to this register; its figures are published under
`Enterprise.subject`. Whose people act for it is its `organisation`.
"""
