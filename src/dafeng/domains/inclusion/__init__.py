"""信碳通, the city's carbon-inclusion platform: what citizens and firms spare is measured, rewarded, spent and never counted twice.

Rooms: `standards` (methodologies, rates, what an event is worth), `scenes` (events come in, are screened and posted),
`members` (accounts of persons and firms, consent, identity apart), `market` (mall, donation, neutrality, purchase of
reductions), `rewards` (money by rule: M3), `operations` (partners, agreements, complaints, risk desk, public dashboard).
One idea to know: an *event* is paid once. It becomes points, or money, or nothing; all of them are entries of the ledger
under the event's own number, and a wrong one is reversed, never changed.
`docs/dev/inclusion.md` tells how the rooms speak to each other.
"""
