"""`ff smoke`: does a running Flagsmith do what it is there for?"""
