"""The ledger: one append-only double entry for every unit that must be conserved.

Words: *asset* (what is counted, with its policy), *lot* (units of one vintage and source, with a block of serials),
*account* (holder × bucket × asset), *command* (what somebody asked for, kept with its answer, refused or not), *entry*
(what a command moved or held), *hold* (units kept for one purpose), *block* (the commands of one commit under one hash).
One idea to know: a command is decided from the log before it and nothing else. Time is itself a command, so replaying the
log gives the same entries, balances and hashes on every machine and in every database.
Sources: design after TigerBeetle (two-phase transfers, kept refusals) and the registries' unit blocks; RFC 8032, FIPS 180-4.
Call `services`; `verbs` builds commands; `encoding` is frozen. `docs/dev/ledger.md` tells the rest.
"""
