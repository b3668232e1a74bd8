"""What a ban changes of an explanation."""

from __future__ import annotations

from recommender.desk.corrections import Corrections
from recommender.related.explain import Explanation

__all__ = ["with_ban"]


def with_ban(answer: Explanation, corrections: Corrections) -> Explanation:
    """Return an explanation as it is with the ban in force, if editors banned the one article beside the other."""
    ban = corrections.ban(answer.article_id, answer.other_id)
    if ban is None:
        return answer
    reason = f"not listed: banned by {ban.by}: {ban.reason}"
    return answer.model_copy(update={"listed": False, "rank": None, "reason": reason})
