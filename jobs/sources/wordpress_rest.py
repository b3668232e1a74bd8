"""Posts over WordPress's REST interface, a hundred at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any
from urllib.parse import unquote

import httpx
from pydantic import BaseModel, Field, ValidationError
from pydantic_core import from_json

from jobs.progress import Tick
from jobs.sources.document import Document
from jobs.sources.fetch import Fetched
from jobs.sources.records import Record, Unreadable
from jobs.sources.wordpress import article_fields, title_text
from recommender.article import describe
from recommender.errors import SourceError

__all__ = ["MAX_PAGES", "posts_address", "posts_of_site", "read_posts"]

MAX_PAGES = 10_000
"""Of one import: a million posts."""

_PAGE_SIZE = 100
_API = "https://api.w.org/"
_POSTS = re.compile(r"/wp/v2/[\w-]+/?(?:$|[?&])")
_ROOT = re.compile(r"/wp-json(?P<version>/wp/v2)?/?$")


class _Rendered(BaseModel):
    rendered: str = ""
    protected: bool = False


class _Named(BaseModel):
    name: str = ""


class _Term(_Named):
    slug: str = ""
    taxonomy: str = ""


class _Media(BaseModel):
    source_url: str | None = None


class _Embedded(BaseModel):
    """What comes with a post; an error in its place, for what the asker may not see, has none of the fields."""

    author: list[_Named] = []
    media: list[_Media] = Field([], alias="wp:featuredmedia")
    terms: list[list[_Term] | dict[str, Any]] = Field([], alias="wp:term")


class _Post(BaseModel):
    id: int
    link: str
    title: _Rendered
    status: str = "publish"
    content: _Rendered = _Rendered()
    excerpt: _Rendered = _Rendered()
    date_gmt: str | None = None
    modified_gmt: str | None = None
    embedded: _Embedded = Field(_Embedded(), alias="_embedded")

    @property
    def public(self) -> bool:
        return self.status == "publish" and not self.content.protected

    def terms(self, taxonomy: str) -> Iterator[_Term]:
        for terms in self.embedded.terms:
            if isinstance(terms, list):
                yield from (term for term in terms if term.taxonomy == taxonomy and term.name)


def posts_address(address: str) -> str | None:
    """Return the address of the posts, for one of WordPress's REST interface; None for any other."""
    if _POSTS.search(unquote(address)):
        return address
    root = _ROOT.search(address)
    return f"{address.rstrip('/')}{'' if root['version'] else '/wp/v2'}/posts" if root else None


def posts_of_site(document: Document) -> str | None:
    """Return the address of the posts of a site, for a page that names its REST interface on its own host.

    Raises
    ------
    SourceError
        When it names one on another host.
    """
    root = document.links.get(_API)
    if root is None:
        return None
    address = str(httpx.URL(document.url).join(root))
    if httpx.URL(address).host != httpx.URL(document.url).host:
        raise SourceError(f"{document.name} has its REST interface on another host; give its address: {root}")
    return address + "wp/v2/posts"


def read_posts(address: str, fetch: Callable[[str], Fetched], tick: Tick) -> Iterator[Record | Unreadable]:
    """Yield the published posts of every page; those behind a password are left out.

    Parameters
    ----------
    address : str
        Of the posts; its parameters go before ours.
    fetch : callable
        Fetches an address, under the limits of the import.
    tick : callable
        Called with the number of pages read and of all pages.

    Raises
    ------
    SourceError
        When a page cannot be had, or is none; what came before stands.
    """
    for number in count(1):
        try:
            fetched = fetch(_page_address(address, number))
            posts = _posts(fetched)
        except SourceError as error:
            kept = "; what came before it is imported" if number > 1 else ""
            raise SourceError(f"page {number}: {error}{kept}") from error
        for place, post in enumerate(posts, 1):
            yield from _read_post(post, f"page {number}, post {place}")
        tick(number, fetched.pages)
        if not _more(fetched, number, len(posts)):
            return


def _page_address(address: str, number: int) -> str:
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise SourceError(f"cannot fetch {address.rpartition('@')[2]}: {error}") from error
    ours = httpx.QueryParams({"per_page": _PAGE_SIZE, "_embed": "author,wp:featuredmedia,wp:term"})
    return str(url.copy_with(params=ours.merge(url.params).set("page", number)))


def _posts(fetched: Fetched) -> list[Any]:
    if fetched.media_type == "text/html" or fetched.body.lstrip().startswith(b"<"):
        raise SourceError(
            f"{fetched.url} is a web page instead of JSON; a security plugin or a cache may be in the way"
        )
    try:
        posts = from_json(fetched.body.removeprefix(b"\xef\xbb\xbf"))
    except ValueError as error:
        raise SourceError(f"{fetched.url} is not JSON: {error}") from error
    if not isinstance(posts, list):
        raise SourceError(f"{fetched.url} is not a list of posts")
    return posts


def _more(fetched: Fetched, number: int, posts: int) -> bool:
    """Tell whether another page follows."""
    if posts == 0:
        return False
    if number == MAX_PAGES:
        raise SourceError(f"{fetched.url} is the last page that is read; give a narrower address for the others")
    if fetched.pages is not None:
        return number < fetched.pages
    asked = httpx.URL(fetched.url).params.get("per_page", "")
    if posts >= (int(asked) if asked.isdecimal() else _PAGE_SIZE) and not fetched.links.keys() & {"next", "prev"}:
        raise SourceError(f"{fetched.url} does not say how many pages there are: X-WP-TotalPages is lost on the way")
    return "next" in fetched.links


def _read_post(post: Any, place: str) -> Iterator[Record | Unreadable]:
    try:
        read = _Post.model_validate(post)
    except ValidationError as error:
        yield Unreadable(place, describe(error))
        return
    if read.public:
        yield Record(f"post {read.id}", _fields(read))


def _fields(post: _Post) -> dict[str, Any]:
    return article_fields(
        post_id=str(post.id),
        title=title_text(post.title.rendered),
        link=post.link,
        content=post.content.rendered,
        excerpt=post.excerpt.rendered,
        categories=[(term.slug, term.name) for term in post.terms("category")],
        tags=[term.name for term in post.terms("post_tag")],
        authors=[author.name for author in post.embedded.author if author.name],
        published=post.date_gmt,
        modified=post.modified_gmt,
        image=next((media.source_url for media in post.embedded.media if media.source_url), None),
    )
