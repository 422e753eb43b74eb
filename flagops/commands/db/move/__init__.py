"""`ff db move`: the data of one database brought into another one beside it, and Flagsmith with it."""
