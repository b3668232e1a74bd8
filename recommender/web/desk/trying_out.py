"""Experiments: ranking variants side by side, started, watched and ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NamedTuple

from flask import Response, redirect, request, url_for
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from recommender.article import describe
from recommender.errors import ExperimentRefused
from recommender.experiments.experiment import CONTROL, Experiment, ExperimentRequest
from recommender.experiments.report import BoxReport
from recommender.experiments.reports import Reported
from recommender.experiments.variation import VARIABLE
from recommender.web.desk.access import user
from recommender.web.desk.blueprints import desk, desk_api
from recommender.web.desk.moments import zone
from recommender.web.desk.pages import page
from recommender.web.endpoint import Text, body_as, endpoint, json_response, query_as
from recommender.web.parts import parts

__all__: list[str] = []

_BODY_BYTES = 16_384
_OTHERS = 3
"""Variants beside the control that the form has room for."""
_FIELDS = ("name", "hypothesis", "box", "ends_at", "least_impressions")
_USUAL = timedelta(days=14)


class ExperimentQuery(BaseModel):
    """Which experiment."""

    name: Annotated[str, Text]


class ExperimentsAnswer(BaseModel):
    """The experiments, the last started first."""

    experiments: list[Reported]


class Knob(NamedTuple):
    """A setting that a variant may have of its own."""

    name: str
    value: Any
    description: str | None


def _reported(one: Experiment) -> Reported:
    return parts().reports.of(one, now=datetime.now(UTC))


def _experiments() -> ExperimentsAnswer:
    return ExperimentsAnswer(experiments=parts().reports.all(now=datetime.now(UTC)))


def _one(name: str) -> Reported:
    found = parts().experiments.get(name)
    if found is None:
        raise NotFound(f"there was no experiment {name}")
    return _reported(found)


@desk_api.get("/experiments")
@endpoint(tag="For editors", answer=ExperimentsAnswer, signed_in=True)
def give_experiments() -> Response:
    """Give the experiments with their reports: the running one, and those that are over."""
    return json_response(_experiments())


@desk_api.post("/experiments")
@endpoint(tag="For editors", body=ExperimentRequest, answer=Reported, status=201, signed_in=True)
def start_experiment() -> Response:
    """Start an experiment; readers get its variants within a second."""
    wanted = body_as(ExperimentRequest, most_bytes=_BODY_BYTES, context={"zone": zone()})
    return json_response(_reported(parts().experiments.start(wanted, by=user().name)), 201)


@desk_api.delete("/experiments")
@endpoint(tag="For editors", query=ExperimentQuery, answer=Reported, signed_in=True)
def end_experiment() -> Response:
    """End the running experiment before its time; no winner is called then."""
    return json_response(_reported(parts().experiments.end(query_as(ExperimentQuery).name, by=user().name)))


@desk.get("/experiments")
def experiments() -> str:
    """Show the running experiment, or the form that starts one, and those that are over."""
    return _page({})


@desk.get("/experiments/one")
def experiment() -> str:
    """Show one experiment."""
    return page("desk/experiment.html", one=_one(query_as(ExperimentQuery).name), plot_of=_plot)


@desk.post("/experiments")
def take_experiment() -> Any:
    """Start the experiment of the form."""
    request.max_content_length = _BODY_BYTES
    form = {name: value.strip() for name, value in request.form.items()}
    try:
        parts().experiments.start(_request(form), by=user().name)
    except ExperimentRefused as error:
        return _page(form, problem=str(error)), 400
    return redirect(url_for("desk.experiments"), 303)


@desk.post("/experiments/end")
def take_end() -> AnyResponse:
    """End the running experiment."""
    ended = parts().experiments.end(request.form.get("name", ""), by=user().name)
    return redirect(url_for("desk.experiment", name=ended.name), 303)


def _request(form: Mapping[str, str]) -> ExperimentRequest:
    """Return what the form asks for.

    Raises
    ------
    ExperimentRefused
        With what is wrong.
    """
    asked = {name: form[name] for name in _FIELDS if form.get(name)}
    variants: list[dict[str, Any]] = [{"name": CONTROL, "share": form.get("share-0", "")}]
    for number in range(1, _OTHERS + 1):
        if name := form.get(f"variant-{number}"):
            settings = _settings(form.get(f"settings-{number}", "").splitlines())
            variants.append({"name": name, "share": form.get(f"share-{number}", ""), "settings": settings})
    try:
        return ExperimentRequest.model_validate({**asked, "variants": variants}, context={"zone": zone()})
    except ValidationError as error:
        raise ExperimentRefused(describe(error)) from error


def _settings(lines: Iterable[str]) -> dict[str, str]:
    settings: dict[str, str] = {}
    for line in filter(str.strip, lines):
        name, equals, value = (part.strip() for part in line.partition("="))
        if not equals or name in settings:
            raise ExperimentRefused(f"settings: write each once, as name = value, not {line.strip()}")
        settings[name] = value
    return settings


def _plot(found: BoxReport) -> dict[str, Any]:
    """Return the rate of each variant by day, in percent, for a plot."""
    days = sorted({count.day for variant in found.variants for count in variant.days})
    series = []
    for variant in found.variants:
        rates = {count.day: 100 * count.clicks / count.impressions for count in variant.days if count.impressions}
        values = [None if day not in rates else round(rates[day], 2) for day in days]
        series.append({"label": variant.variant.partition("_")[2], "values": values})
    midnights = [datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() for day in days]
    return {"x": midnights, "series": series, "unit": "%"}


def _page(form: Mapping[str, str], **shown: Any) -> str:
    service = parts()
    found = _experiments().experiments
    fields, site = type(service.settings).model_fields, service.settings
    return page(
        "desk/experiments.html",
        form=form,
        running=next((one for one in found if one.state == "running"), None),
        past=[one for one in found if one.state == "over"],
        knobs=[Knob(name, getattr(site, name), fields[name].description) for name in VARIABLE],
        others=range(1, _OTHERS + 1),
        usual_end=datetime.now(UTC) + _USUAL,
        plot_of=_plot,
        **shown,
    )
