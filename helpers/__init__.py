"""What stands behind the notebooks: data, plots, progress and scores, one idea a file."""

from helpers.quiet import begin

__all__ = ["begin"]
