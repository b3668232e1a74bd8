"""Every knob of the service: its name, unit, default and one line of help.

A setting is read from the environment variable ``RECOMMENDER_<NAME>``; ``docs/configuration.md`` is written from this
table.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, IPvAnyNetwork, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from recommender.article import describe
from recommender.errors import ConfigurationError
from recommender.trending.windows import HALF_LIFE_SHARE, Rank, WindowName

__all__ = ["Settings", "load_settings"]

_SSO_PREFIX = {4: 16, 6: 48}
"""Shortest network prefix, by IP version, of what may name users."""


class Settings(BaseSettings):
    """The settings of one service; give some by keyword to override the environment."""

    model_config = SettingsConfigDict(env_prefix="RECOMMENDER_", frozen=True, extra="forbid", env_ignore_empty=True)

    # Where things are
    data_dir: Path = Field(Path("data"), description="directory of the article archive and the embedded Redis")
    redis_url: SecretStr | None = Field(
        None, description="`redis://`, `rediss://` or `unix://` address; unset: an embedded Redis in the data directory"
    )
    namespace: str = Field(
        "recommender", pattern=r"^[A-Za-z0-9_.-]{1,64}$", description="prefix of every Redis key; one per site"
    )

    # Who may come in
    host: str = Field("127.0.0.1", description="address to listen on; off loopback every secret must be set and strong")
    port: int = Field(8000, ge=1, le=65535, description="TCP port to listen on")
    api_token: SecretStr | None = Field(
        None, description="bearer token for writing articles; unset on loopback: one is made and kept"
    )
    editor_password: SecretStr | None = Field(
        None, description="password of the first editor, user name `editor`; unset on loopback: one is made and kept"
    )
    trusted_proxies: int = Field(
        0, ge=0, le=10, description="reverse proxies in front whose X-Forwarded-For is believed"
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        ("*",), description="origins whose pages may read the public answers, separated by commas"
    )
    session_idle_s: int = Field(3600, ge=60, description="seconds after which an editor's unused session ends")
    session_longest_s: int = Field(43_200, ge=60, description="seconds after which every editor's session ends")
    sign_in_failures: int = Field(
        10, ge=1, le=1000, description="failed sign-ins in ten minutes after which an address or a name has to wait"
    )
    sso_header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")] | None = Field(
        None, description="header in which a single sign-on proxy names the user, such as X-Remote-User; unset: none"
    )
    sso_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = Field(
        (), description="addresses or networks from which that header is believed, separated by commas"
    )
    corrections_most: int = Field(1000, ge=1, le=10_000, description="corrections that editors may have at once")
    time_zone: str = Field("UTC", description="zone of the desk's times and of `today`, such as Europe/Stockholm")
    cache_s: int = Field(
        1, ge=0, le=3600, description="seconds for which browsers and caches may keep a list: `max-age`"
    )
    cache_shared_s: int | None = Field(
        None, ge=0, le=3600, description="seconds for which a CDN may keep a list: `s-maxage`; unset: as browsers"
    )
    cache_revalidate_s: int = Field(
        1, ge=0, le=3600, description="seconds beyond in which the old list serves while the new one is fetched"
    )
    cache_error_s: int = Field(
        3600, ge=0, le=604_800, description="seconds for which a cache may serve the last list while we cannot"
    )
    allow_private_networks: bool = Field(
        default=False, description="let imports fetch feeds from private and loopback addresses"
    )

    # The web server
    site_name: str = Field("The Tarsholm Courier", description="name shown on the demonstration site and in feeds")
    site_url: str | None = Field(
        None,
        pattern=r"^https?://",
        description="address of the newsroom's front page, for feeds; unset: this service's",
    )
    workers: int = Field(2, ge=1, le=64, description="web worker processes")
    threads: int = Field(4, ge=1, le=64, description="threads that answer requests in each worker")
    redis_timeout_ms: int = Field(80, ge=5, le=5000, description="milliseconds a page's Redis call may take")
    redis_pause_ms: int = Field(
        1000, ge=0, le=10_000, description="milliseconds a worker leaves Redis alone after it failed"
    )
    max_article_bytes: int = Field(32_000_000, ge=10_000, description="largest body of `POST /v1/articles`, in bytes")

    # Related articles
    related_keep: int = Field(30, ge=1, le=200, description="length of each article's list")
    related_candidates: int = Field(60, ge=1, le=500, description="nearest articles that are ranked for each list")
    related_floor: float = Field(0.2, ge=0, lt=1, description="least relevance; below it a list is rather filled up")
    related_freshness_share: float = Field(
        0.4, ge=0, le=1, description="share of the score that age takes away in the end; 0: age does not count"
    )
    related_freshness_half_life_days: float = Field(
        21, gt=0, description="days in which half of that share is taken away"
    )
    related_section_boost: float = Field(
        0.0, ge=0, le=10, description="what an article of the same section gains, 0.1 being a tenth; 0: nothing"
    )
    related_story_most: int = Field(2, ge=1, le=200, description="articles of one story in a list; 200: no limit")
    related_story_cosine: float = Field(
        0.45, gt=0, le=1, description="cosine of their own words from which on two articles tell one story"
    )
    related_story_days: float = Field(3, gt=0, description="days that may lie between two articles of one story")
    related_variety: float = Field(
        0.2, ge=0, le=1, description="what likeness to those before it takes from an article (MMR); 0: nothing"
    )
    related_one_language: bool = Field(default=True, description="list only articles in the article's language")
    related_copy_cosine: float = Field(
        0.75, gt=0, description="cosine of own words from which on two articles are near-copies; above 1: never"
    )
    related_copy_hours: float = Field(48, ge=0, description="hours that may lie between such near-copies")
    related_copy_shingles: float = Field(
        0.5, gt=0, description="share of runs of five words from which on two are near-copies anyway; above 1: never"
    )
    related_readers: bool = Field(
        default=True, description="learn from views what readers of an article also read, and blend it in"
    )
    related_boilerplate_share: float = Field(
        0.02, gt=0, le=1, description="share of articles from which on a sentence or dateline says nothing; 1: none"
    )
    related_relearn_days: float = Field(
        7, ge=0, description="days after which boilerplate, words and idf are learned afresh; 0: every night"
    )
    related_drift: float = Field(
        0.0008,
        ge=0,
        description="mean change of a word's idf from which on idf is learned afresh",
    )
    versions_keep: int = Field(3, ge=1, le=100, description="published versions kept, the current one included")
    train_lock_s: float = Field(
        60, gt=0, le=3600, description="seconds after which the lock of a dead training run is free"
    )

    # What a night may not publish without --force; figures of articles are compared from 100 articles on
    guard_articles: float = Field(
        0.6, ge=0, le=1, description="least share of the number of articles, and of lists, of the version before"
    )
    guard_kept: float = Field(
        0.6, ge=0, le=1, description="least share of the articles of the version before that are still there"
    )
    guard_text: float = Field(
        0.1,
        ge=0,
        le=1,
        description="most by which the share of articles with text may fall, 0.1 being ten in a hundred",
    )
    guard_words: float = Field(
        0.7, ge=0, le=1, description="least share of the different words an article had; more than its inverse: refused"
    )
    guard_known_words: float = Field(
        0.85, ge=0, le=1, description="least share of the words of articles that the version before knew"
    )
    guard_garbled: float = Field(
        0.1, ge=0, le=1, description="most by which the share of articles may grow that look read in a wrong encoding"
    )
    guard_coverage: float = Field(
        0.1, ge=0, le=1, description="most by which the share of articles with a list may fall"
    )
    guard_nearest: float = Field(
        0.25, ge=0, le=1, description="most by which the nearness of first neighbours may differ (Kolmogorov-Smirnov)"
    )
    guard_overlap: float = Field(
        0.4, ge=0, le=1, description="least share of the first ten of a list that were in it before, on average"
    )
    guard_copies: float = Field(0.1, ge=0, le=1, description="most by which the share of copies may grow")
    guard_mix: float = Field(
        0.4, ge=0, le=1, description="most that may move from one section, or one language, to others"
    )
    guard_size: float = Field(
        3.0, ge=1, description="most by which a version may grow on disk for each article, 3 being threefold"
    )

    # Trending
    visitor_pause_s: int = Field(1800, ge=1, description="seconds in which one visitor counts once for an article")
    views_pattern: str | None = Field(
        None,
        description="regular expression whose group `id` finds the article in an address of a web server's log; "
        "unset: articles are found by their own addresses",
    )
    event_memory_s: int = Field(172_800, ge=60, description="seconds for which an event id is remembered")
    network_share: float = Field(
        0.05,
        gt=0,
        le=1,
        description="most of an article's views of a day that one network (/24, /48) adds; 1: no limit",
    )
    network_allowance: int = Field(3, ge=0, description="views a day of an article that count from any network")
    boxed_weight: float = Field(
        0.5, ge=0, le=1, description="what a view that came from the trending box weighs in trending, others weighing 1"
    )
    history_articles: int = Field(
        4000, ge=100, description="articles of which each span of time keeps views; the least viewed beyond are dropped"
    )
    trending_window: WindowName = Field("auto", description="window of pages that name none")
    trending_rank: Rank = Field("trending", description="rank of pages that name none")
    trending_auto: Literal["better", "formula", "trained"] = Field(
        "better",
        description="what `auto` ranks by: the night's formula, its trained weights, or the better of both so far",
    )
    trending_half_life_share: float = Field(
        HALF_LIFE_SHARE,
        ge=0.02,
        le=1,
        description="of a window: after so much of it a view counts half; 0.25: after 6 h where the window is 24h",
    )
    trending_age_exponent: float = Field(
        0.5, ge=0, le=3, description="how age weighs where a window is asked for: views / (age in hours + 2) ^ exponent"
    )
    trending_least_views: int = Field(
        20, ge=0, description="views in a window below which the next wider one ranks instead; 0: never"
    )
    trending_oldest_days: float = Field(
        0, ge=0, description="days after publication from which on an article neither trends nor rises; 0: any age"
    )
    trending_section_most: int = Field(
        0, ge=0, le=50, description="articles of one section in a Trending box that is of no section; 0: any number"
    )
    trending_listed: int = Field(
        10, ge=1, le=50, description="places that count as the list, for the two settings that follow"
    )
    trending_stay_margin: float = Field(
        0.05, ge=0, le=1, description="what a newcomer's score must have more, 0.05 being a twentieth; 0: nothing"
    )
    trending_longest_stay_h: float = Field(
        0, ge=0, description="hours after which an article leaves the list, however much it is read; 0: it stays"
    )
    trending_chart_ms: int = Field(
        500, ge=0, le=60_000, description="milliseconds for which a worker takes a ranked list as it is"
    )
    rising_least_views: float = Field(
        5, ge=0, description="decayed views of late that an article must have to be rising"
    )
    rising_prior_views: float = Field(
        5, gt=0, description="views added to those of late and to the usual ones, so that few are no surge"
    )
    board_size: int = Field(
        10_000, ge=100, description="articles kept on each decaying board; the least read beyond are dropped"
    )

    # Clicks
    click_memory_s: int = Field(
        1800, ge=60, le=86_400, description="seconds after a box was shown to a reader in which a click on it counts"
    )
    clicks_kept_days: int = Field(90, ge=2, le=366, description="days for which impressions and clicks are kept")

    # Experiments
    experiment_certainty: float = Field(
        0.975, gt=0.5, lt=1, description="probability of being the best from which on a variant wins an experiment"
    )

    @field_validator("redis_url")
    @classmethod
    def _password_is_given_or_not_meant(cls, url: SecretStr | None) -> SecretStr | None:
        if url and urlsplit(url.get_secret_value()).password == "":
            raise ValueError("the password is empty; fill in REDIS_PASSWORD, or leave out the colon before the @")
        return url

    @field_validator("views_pattern")
    @classmethod
    def _pattern_finds_an_id(cls, pattern: str | None) -> str | None:
        try:
            groups = re.compile(pattern).groupindex if pattern else {"id": 1}
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        if "id" not in groups:
            raise ValueError("has no group (?P<id>...)")
        return pattern

    @field_validator("time_zone")
    @classmethod
    def _zone_is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"no time zone {name}; write one such as Europe/Stockholm") from error
        return name

    @model_validator(mode="after")
    def _header_is_believed_from_few(self) -> Self:
        if self.sso_header and not self.sso_proxies:
            raise ValueError("sso_header wants sso_proxies: the addresses from which it is believed")
        wide = [str(network) for network in self.sso_proxies if network.prefixlen < _SSO_PREFIX[network.version]]
        if wide:
            raise ValueError(f"sso_proxies: {', '.join(wide)} would let far too many name themselves")
        return self

    @field_validator("cors_origins", "sso_proxies", mode="before")
    @classmethod
    def _split_at_commas(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def load_settings(**overrides: object) -> Settings:
    """Read the environment; overrides that are None are left to it.

    Raises
    ------
    ConfigurationError
        With the name of each wrong setting.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        raise ConfigurationError(f"settings: {describe(error)}") from error
