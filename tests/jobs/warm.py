"""What every training run loads, loaded once in the process that training runs of tests are forked from."""

from __future__ import annotations

import io

import py3langid
from matplotlib.figure import Figure

import recommender.commands.training
import recommender.related.search  # noqa: F401 - for what they import

py3langid.classify("load the model of languages")
figure = Figure()
figure.add_subplot().set_title("load the fonts")
figure.savefig(io.StringIO(), format="svg")
