"""The name of every Redis key.

All keys of one site share the hash tag ``{namespace}``: its scripts and transactions touch keys of one cluster slot,
and a cluster serves many sites side by side.
"""

from __future__ import annotations

from recommender.trending.windows import HALF_LIFE_SHARE

__all__ = ["Keys"]


class Keys:
    """Names the keys of one site.

    Parameters
    ----------
    namespace : str
        The site's name; the hash tag of all its keys.
    half_life_share : float
        Of the windows. What is counted or learned by one half-life never mixes with another's.

    Attributes
    ----------
    half_life_share : float
    """

    def __init__(self, namespace: str, half_life_share: float = HALF_LIFE_SHARE) -> None:
        self.half_life_share = half_life_share
        self._namespace = namespace
        self._tag = f"{{{namespace}}}"

    def by(self, half_life_share: float) -> Keys:
        """Return the keys of the same site by other half-lives."""
        return Keys(self._namespace, half_life_share)

    # Articles

    @property
    def cards(self) -> str:
        """Hash: article id -> what a box shows of it (JSON)."""
        return f"{self._tag}:cards"

    @property
    def sections(self) -> str:
        """Hash: section key -> name as last written by the newsroom."""
        return f"{self._tag}:sections"

    def latest(self, section: str = "") -> str:
        """Sorted set: article id by Unix second of publication, of one section key or (empty) of all."""
        return f"{self._tag}:latest:{section}"

    def tagged(self, tag: str) -> str:
        """Sorted set: article id by Unix second of publication, of those that carry a tag, given as its key."""
        return f"{self._tag}:tagged:{tag}"

    # Published related lists

    @property
    def current(self) -> str:
        """String: the version readers see."""
        return f"{self._tag}:model:current"

    @property
    def versions(self) -> str:
        """Hash: version -> facts of the run that published it (JSON)."""
        return f"{self._tag}:model:versions"

    @property
    def staging(self) -> str:
        """Hash: version being written -> how its run began (JSON), so that the next can clear what a dead one left."""
        return f"{self._tag}:model:staging"

    @property
    def last_named(self) -> str:
        """String: the name that the last training run took, so that names go up whatever the clock does."""
        return f"{self._tag}:model:named"

    @property
    def runs(self) -> str:
        """List, bounded: what became of each training run (JSON), the last one first."""
        return f"{self._tag}:model:runs"

    @property
    def lock(self) -> str:
        """String: token of the training run under way."""
        return f"{self._tag}:model:lock"

    def lists(self, version: str) -> str:
        """Hash: article id -> its neighbours in one version."""
        return version.join(self.lists_parts)

    @property
    def lists_parts(self) -> tuple[str, str]:
        """What stands before and after the version in the names of lists."""
        return f"{self._tag}:model:", ":lists"

    # Views

    @property
    def view_clock(self) -> str:
        """Hash: ``newest`` -> start of the bucket the boards are at; ``landmark`` -> second at which decay counts 1.

        ``half_life_share`` -> whose decayed boards hold all that was counted.
        """
        return f"{self._tag}:views:clock"

    def bucket(self, seconds: int, number: int) -> str:
        """Hash, expiring: article id -> views in the ``number``-th span of ``seconds`` since 1970.

        Under line feed and article id, those that came from the trending box.
        """
        return f"{self.bucket_prefix}{seconds}:{number}"

    @property
    def bucket_prefix(self) -> str:
        """What every bucket's name begins with."""
        return f"{self._tag}:views:bucket:"

    def board(self, kind: str, window: str, section: str = "") -> str:
        """Sorted set: article id by score, on the ``viewed`` or ``decayed`` board of a window and section key."""
        return f"{self.boards(kind)}{window}:{section}"

    def boards(self, kind: str) -> str:
        """What the name of every board of a kind begins with; of decayed ones, those of these half-lives."""
        return f"{self.board_prefix}{kind}:" + (f"{self.half_life_share:g}:" if kind == "decayed" else "")

    @property
    def board_prefix(self) -> str:
        """What every board's name begins with."""
        return f"{self._tag}:board:"

    @property
    def choice(self) -> str:
        """String: the formula and the weights that the night chose for ``auto``, and how they did before (JSON)."""
        return f"{self._tag}:trending:choice:{self.half_life_share:g}"

    def standing(self, window: str, section: str, variant: str) -> str:
        """String, expiring: which articles are on the trending list of a window, section key and variant (JSON)."""
        return f"{self._tag}:trending:standing:{window}:{variant}:{section}"

    def listed(self, day: int) -> str:
        """Set, expiring: ``<hour> <id>`` of who was on the site's trending list, hour by hour of a day since 1970."""
        return f"{self._tag}:trending:listed:{day}"

    def event(self, digest: str) -> str:
        """String, expiring: this event id has been taken."""
        return f"{self._tag}:event:{digest}"

    def visit(self, digest: str) -> str:
        """String, expiring: Unix second at which this visitor last counted for this article."""
        return f"{self._tag}:visit:{digest}"

    def networks(self, day: int, article_id: str) -> str:
        """Hash, expiring: hash of a network -> views of one article that counted on one day since 1970."""
        return f"{self._tag}:networks:{day}:{article_id}"

    def source_step(self, digest: str) -> str:
        """String, expiring: how far a source of views told in bulk has been added (JSON)."""
        return f"{self._tag}:views:source:{digest}"

    def trail(self, digest: str) -> str:
        """List, expiring: the articles a visitor read last."""
        return f"{self._tag}:trail:{digest}"

    def readers(self, article_id: str) -> str:
        """Sorted set, expiring: article id by decayed readers that it shares with one article, itself included."""
        return f"{self.readers_prefix}{article_id}"

    @property
    def readers_prefix(self) -> str:
        """What the name of every set of shared readers begins with."""
        return f"{self._tag}:readers:"

    def salt(self, day: int) -> str:
        """String, expiring: random salt of the visitor hashes made on one day since 1970."""
        return f"{self._tag}:salt:{day}"

    @property
    def views(self) -> str:
        """Hash: outcome -> number of views that had it."""
        return f"{self._tag}:views:outcomes"

    def views_of_day(self, day: int) -> str:
        """Hash, expiring: outcome -> number of views told on one day since 1970 that had it."""
        return f"{self.views}:{day}"

    # Clicks

    def receipt_key(self, day: int) -> str:
        """String, expiring: key of the signatures of what was answered on one day since 1970."""
        return f"{self._tag}:clicks:key:{day}"

    def shown(self, digest: str) -> str:
        """String, expiring: second at which a visitor was shown a box of an answer, and the places clicked since."""
        return f"{self._tag}:clicks:shown:{digest}"

    def clicks(self, day: int) -> str:
        """Hash, expiring: box, place, source and variant -> times shown, and times clicked, on one day since 1970."""
        return f"{self.clicks_prefix}{day}"

    @property
    def clicks_prefix(self) -> str:
        """What the name of every day's clicks begins with."""
        return f"{self._tag}:clicks:day:"

    def served_of_day(self, day: int) -> str:
        """Hash, expiring: what the boxes served on one day since 1970 held -> how often."""
        return f"{self._tag}:served:{day}"

    # The desk

    def session(self, digest: str) -> str:
        """String, expiring: whose session has this token (JSON)."""
        return f"{self._tag}:desk:session:{digest}"

    @property
    def sign_ins(self) -> str:
        """What the name of every counter of failed sign-ins begins with; they expire."""
        return f"{self._tag}:desk:sign-ins"
