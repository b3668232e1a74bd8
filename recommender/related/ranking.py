"""From the nearest to the list that readers see: freshness, readers' choice, one story at most twice, and variety."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Candidates", "Ranked", "Ranking"]

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
    likeness : array of float, shape (b, c, c)
        Cosines of the candidates' own words with each other.
    one_story : array of bool, shape (b, c, c)
        Whether two of them tell the same story.
    """

    cosines: Floats
    allowed: Flags
    ages: Floats
    same_section: Flags
    choice: Floats
    trust: Floats
    likeness: Floats
    one_story: Flags


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

    def rank(self, candidates: Candidates) -> Ranked:
        """Choose the best remaining candidate until each list is full."""
        choice, trust = candidates.choice, candidates.trust
        relevance = (1 - trust) * candidates.cosines + trust * choice
        decay = 0.5 ** (candidates.ages / self.freshness_half_life)
        freshness = 1 - self.freshness_share * (1 - decay)
        section = 1 + self.section_boost * candidates.same_section
        merit = np.where(candidates.allowed & (relevance >= self.floor), relevance * freshness * section, -1.0)

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
            likest = np.where(others, np.maximum(likest, candidates.likeness[every, best]), likest)
            stories = stories + (others & candidates.one_story[every, best])
        return Ranked(order, scores, relevance, freshness, section, 1 - self.variety * likest, stories)
