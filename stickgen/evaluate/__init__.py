"""Whether a motion is any good and does what its text says: encoders, figures, and the test of the figures themselves."""
