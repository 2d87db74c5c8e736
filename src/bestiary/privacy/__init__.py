"""The rights of the people in the data: what is told of a person, and the receipts of what was done for them."""
