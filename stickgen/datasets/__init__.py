"""What is known of a dataset without opening it with torch: its facts, and whether its file can be one."""
