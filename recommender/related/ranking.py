"""From the nearest to the list that readers see: freshness, readers' choice, one story at most twice, and variety."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Candidates", "Ranked", "Ranking", "rounded"]

Floats = NDArray[np.floating]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Candidates:
    """The candidates of a block of b articles, c each.

    Attributes
    ----------
    cosines : array of float, shape (b, c)
        Nearness by expanded words.
    allowed : array of bool, shape (b, c)
        False where there is no candidate, or one that may not stand in the list.
    ages : array of float, shape (b, c)
        Days since publication.
    same_section : array of bool, shape (b, c)
        Whether it is of the article's section.
    choice, trust : array of float, shape (b, c)
        How strongly readers of the article also read it, 0 to 1, and how far that is to be trusted, 0 to 1.
    """

    cosines: Floats
    allowed: Flags
    ages: Floats
    same_section: Flags
    choice: Floats
    trust: Floats


@dataclass(frozen=True, slots=True)
class Ranked:
    """The lists of a block of articles.

    Attributes
    ----------
    order : array of int, shape (b, keep)
        Places among the candidates, best first; -1 where the list has ended.
    scores : array of float, shape (b, keep)
    relevance, freshness, section : array of float, shape (b, c)
        Of every candidate: cosine with readers' choice blended in, and the two factors that follow.
    variety : array of float, shape (b, c)
        The last factor, at the moment when the candidate was taken, or when the list ended.
    stories : array of int, shape (b, c)
        How many of the list tell the candidate's story when it was taken, or when the list ended.
    """

    order: NDArray[np.int64]
    scores: Floats
    relevance: Floats
    freshness: Floats
    section: Floats
    variety: Floats
    stories: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Ranks candidates: score = relevance * freshness * section * variety.

    Attributes
    ----------
    keep : int
        Length of a list.
    floor : float
        Least relevance; below it a list is rather filled from elsewhere.
    freshness_share : float
        Share of the score that age takes away in the end; 0 switches freshness off.
    freshness_half_life : float
        Days.
    section_boost : float
        What a candidate of the same section gains; 0 switches it off.
    story_most : int
        How many of one story a list may hold; as many as `keep` switch this off.
    story_cosine, story_days : float
        Two candidates tell one story when their own words are as near as this, and no more days lie between them.
    variety : float
        What a candidate loses for its likeness to the most like of those before it: MMR (Carbonell and Goldstein 1998)
        as a factor, so that scores fall along the list; 0 switches it off.
    one_language : bool
        Whether only articles in the article's language are listed.
    """

    keep: int = 30
    floor: float = 0.2
    freshness_share: float = 0.4
    freshness_half_life: float = 21.0
    section_boost: float = 0.0
    story_most: int = 2
    story_cosine: float = 0.45
    story_days: float = 3.0
    variety: float = 0.2
    one_language: bool = True

    def relevance(self, candidates: Candidates) -> Floats:
        """Blend readers' choice into the cosines, as far as it is to be trusted."""
        relevance: Floats = (1 - candidates.trust) * candidates.cosines + candidates.trust * candidates.choice
        return relevance

    def freshness(self, candidates: Candidates) -> Floats:
        """Return what age leaves of a score."""
        decay: Floats = 0.5 ** (candidates.ages / self.freshness_half_life)
        return 1 - self.freshness_share * (1 - decay)

    def section(self, candidates: Candidates) -> Floats:
        """Return what the same section adds to a score."""
        boost: Floats = 1 + self.section_boost * candidates.same_section
        return boost

    def merit(self, candidates: Candidates) -> Floats:
        """Return what each candidate is worth by itself; -1 for those that may not be listed."""
        relevance = self.relevance(candidates)
        allowed = candidates.allowed & (relevance >= self.floor)
        return np.where(allowed, relevance * self.freshness(candidates) * self.section(candidates), -1.0)

    def rank(self, candidates: Candidates, likeness: Floats, one_story: Flags) -> Ranked:
        """Choose the best remaining candidate until each list is full.

        Parameters
        ----------
        candidates : Candidates
        likeness : array of float, shape (b, c, c)
            Cosines of the candidates' own words with each other.
        one_story : array of bool, shape (b, c, c)
            Whether two of them tell the same story.
        """
        merit = self.merit(candidates)
        lists, count = merit.shape
        every = np.arange(lists)
        order = np.full((lists, self.keep), -1, dtype=np.int64)
        scores = np.zeros((lists, self.keep), dtype=np.float32)
        likest = np.zeros_like(merit)
        stories = np.zeros(merit.shape, dtype=np.int64)
        waiting = merit > 0
        for place in range(min(self.keep, count)):
            open_to = waiting & (stories < self.story_most)
            worth = np.where(open_to, merit * (1 - self.variety * likest), -1.0)
            best = worth.argmax(axis=1)
            found = open_to[every, best]
            if not found.any():
                break
            order[found, place] = best[found]
            scores[found, place] = worth[every, best][found]
            waiting[every, best] = False
            others = waiting & found[:, None]
            likest = np.where(others, np.maximum(likest, likeness[every, best]), likest)
            stories = stories + (others & one_story[every, best])
        return Ranked(
            order,
            scores,
            self.relevance(candidates),
            self.freshness(candidates),
            self.section(candidates),
            1 - self.variety * likest,
            stories,
        )


def rounded(scores: Floats) -> list[Any]:
    """Return scores as lists are published with them: to four places."""
    places: list[Any] = np.round(scores.astype(np.float64), 4).tolist()
    return places
