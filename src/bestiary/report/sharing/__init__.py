"""The shared edition of a report: what may leave the shop, so that nothing in it tells of fewer than k people.

The rule, in full in docs/sharing.md: a number of people, or a figure about a group, is told where the group has at
least k people and where so have those whom it leaves over; otherwise it is held back, with as many others as it takes
that no sum of the page gives it back. `edition` makes a new summary and takes into it only what it has judged, so that
a figure which the summary gains one day is not shared by oversight. `ledger` decides about counts that add up to one
another, `crowds` about what is counted by itself, the other modules about a part of the page each.
"""
