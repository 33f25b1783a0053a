"""Whether motion is any good and does what its text says: encoders, figures, and tests of the figures themselves."""
