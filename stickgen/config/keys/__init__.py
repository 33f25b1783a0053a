"""The keys, one file a group, in the order in which a file and the form show them."""
