"""stickgen: train a small text-to-motion model on your own machine, and watch it learn."""

__version__ = "0.1.0"
