"""WordPress: its REST interface and its export file, and that they say the same."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from jobs.import_articles import ImportReport, import_articles
from jobs.sources import Record, Unreadable, read_source, wordpress_rest
from recommender.article import parse_article
from recommender.cli import main
from recommender.errors import SourceError
from recommender.service import Service
from tests.jobs.web import Web

SITE = "https://courier.example"
QUERY = "per_page=100&_embed=author%2Cwp%3Afeaturedmedia%2Cwp%3Aterm"

RENDERED = """
<p>The ferry &#8220;Aurora&#8221; sails again &#8211; and it&#8217;s late.</p>



<figure class="wp-block-image size-large"><img src="https://courier.example/a.jpg" alt=""/><figcaption>At the
quay</figcaption></figure>



<ul class="wp-block-list">
<li>first &amp; second</li>
</ul>
"""
TYPED = """<!-- wp:paragraph -->
<p>The ferry "Aurora" sails again - and it's late.</p>
<!-- /wp:paragraph -->

<!-- wp:image {"id":12,"sizeSlug":"large"} -->
<figure class="wp-block-image size-large"><img src="https://courier.example/a.jpg" alt=""/><figcaption>At the
quay</figcaption></figure>
<!-- /wp:image -->

<!-- wp:list -->
<ul class="wp-block-list">
<li>first &amp; second</li>
</ul>
<!-- /wp:list -->"""
ARTICLE = {
    "id": "11",
    "title": "Harbour & quay: \u201cAurora\u201d \u2013 it\u2019s back\u2026",
    "url": "https://courier.example/2024/03/aurora/",
    "summary": "The editor's own words.",
    "body": 'The ferry "Aurora" sails again - and it\'s late.\nAt the\nquay\nfirst & second',
    "section": "Fun & Harbour",
    "tags": ["Ferries", "R&B"],
    "authors": ["Jane Doe"],
    "published_at": "2024-03-05T08:00:00",
    "updated_at": "2024-03-06T09:30:00",
    "image_url": "https://courier.example/wp-content/uploads/2024/03/aurora-scaled.jpg",
}


def posted(**changes: Any) -> dict[str, Any]:
    """Return a post as WordPress 6 answers it with `_embed`."""
    terms = [
        {"id": 1, "link": f"{SITE}/c/", "name": "Uncategorized", "slug": "uncategorized", "taxonomy": "category"},
        {"id": 3, "link": f"{SITE}/f/", "name": "Fun &amp; Harbour", "slug": "harbour", "taxonomy": "category"},
    ]
    tags = [
        {"id": 7, "link": f"{SITE}/t/", "name": "Ferries", "slug": "ferries", "taxonomy": "post_tag"},
        {"id": 8, "link": f"{SITE}/r/", "name": "R&amp;B", "slug": "rb", "taxonomy": "post_tag"},
    ]
    return {
        "id": 11,
        "date": "2024-03-05T10:00:00",
        "date_gmt": "2024-03-05T08:00:00",
        "guid": {"rendered": f"{SITE}/?p=11"},
        "modified": "2024-03-06T11:30:00",
        "modified_gmt": "2024-03-06T09:30:00",
        "slug": "aurora",
        "status": "publish",
        "type": "post",
        "link": ARTICLE["url"],
        "title": {"rendered": "Harbour &#038; quay: &#8220;Aurora&#8221; &#8211; it&#8217;s <em>back</em>&#8230;"},
        "content": {"rendered": RENDERED, "protected": False},
        "excerpt": {"rendered": "<p>The editor&#8217;s own words.</p>\n", "protected": False},
        "author": 2,
        "featured_media": 12,
        "comment_status": "open",
        "sticky": False,
        "format": "standard",
        "meta": [],
        "categories": [1, 3],
        "tags": [7, 8],
        "_links": {"self": [{"href": f"{SITE}/wp-json/wp/v2/posts/11"}]},
        "_embedded": {
            "author": [{"id": 2, "name": "Jane Doe", "slug": "jane", "link": f"{SITE}/author/jane/"}],
            "wp:featuredmedia": [
                {"id": 12, "media_type": "image", "mime_type": "image/jpeg", "source_url": ARTICLE["image_url"]}
            ],
            "wp:term": [terms, tags],
        },
        **changes,
    }


ATTACHMENT = f"""<item>
  <title><![CDATA[aurora]]></title>
  <link>{SITE}/2024/03/aurora/aurora-2/</link>
  <content:encoded><![CDATA[]]></content:encoded>
  <wp:post_id>12</wp:post_id>
  <wp:status><![CDATA[inherit]]></wp:status>
  <wp:post_type><![CDATA[attachment]]></wp:post_type>
  <wp:attachment_url><![CDATA[{ARTICLE["image_url"]}]]></wp:attachment_url>
</item>"""


def item(**changes: str) -> str:
    """Return the same post as WordPress 6 exports it."""
    values = {
        "title": 'Harbour &amp; quay: "Aurora" - it\'s <em>back</em>...',
        "id": "11",
        "content": TYPED,
        "excerpt": "The editor's own words.",
        "gmt": "2024-03-05 08:00:00",
        "date": "2024-03-05 10:00:00",
        "status": "publish",
        "type": "post",
        "password": "",
        **changes,
    }
    return f"""<item>
  <title><![CDATA[{values["title"]}]]></title>
  <link>{ARTICLE["url"]}</link>
  <pubDate>Tue, 05 Mar 2024 08:00:00 +0000</pubDate>
  <dc:creator><![CDATA[jane.login]]></dc:creator>
  <guid isPermaLink="false">{SITE}/?p={values["id"]}</guid>
  <description></description>
  <content:encoded><![CDATA[{values["content"]}]]></content:encoded>
  <excerpt:encoded><![CDATA[{values["excerpt"]}]]></excerpt:encoded>
  <wp:post_id>{values["id"]}</wp:post_id>
  <wp:post_date><![CDATA[{values["date"]}]]></wp:post_date>
  <wp:post_date_gmt><![CDATA[{values["gmt"]}]]></wp:post_date_gmt>
  <wp:post_modified><![CDATA[2024-03-06 11:30:00]]></wp:post_modified>
  <wp:post_modified_gmt><![CDATA[2024-03-06 09:30:00]]></wp:post_modified_gmt>
  <wp:post_name><![CDATA[aurora]]></wp:post_name>
  <wp:status><![CDATA[{values["status"]}]]></wp:status>
  <wp:post_parent>0</wp:post_parent>
  <wp:post_type><![CDATA[{values["type"]}]]></wp:post_type>
  <wp:post_password><![CDATA[{values["password"]}]]></wp:post_password>
  <wp:is_sticky>0</wp:is_sticky>
  <category domain="category" nicename="uncategorized"><![CDATA[Uncategorized]]></category>
  <category domain="category" nicename="harbour"><![CDATA[Fun &amp; Harbour]]></category>
  <category domain="post_tag" nicename="ferries"><![CDATA[Ferries]]></category>
  <category domain="post_tag" nicename="rb"><![CDATA[R&amp;B]]></category>
  <wp:postmeta><wp:meta_key><![CDATA[_edit_last]]></wp:meta_key><wp:meta_value><![CDATA[2]]></wp:meta_value></wp:postmeta>
  <wp:postmeta><wp:meta_key><![CDATA[_thumbnail_id]]></wp:meta_key><wp:meta_value><![CDATA[12]]></wp:meta_value></wp:postmeta>
  <wp:comment><wp:comment_id>9</wp:comment_id><wp:comment_content><![CDATA[First!]]></wp:comment_content></wp:comment>
</item>"""


def export(*items: str, language: str = "en-US") -> str:
    """Return an export file, with its comments in front."""
    return f"""<?xml version="1.0" encoding="UTF-8" ?>
<!-- This is a WordPress eXtended RSS file generated by WordPress as an export of your site. -->
<!-- You may use this file to transfer that content from one site to another. -->
<!-- generator="WordPress/6.5.2" created="2024-03-07 10:00" -->
<rss version="2.0"
  xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"
  xmlns:content="http://purl.org/rss/1.0/modules/content/"
  xmlns:wfw="http://wellformedweb.org/CommentAPI/"
  xmlns:dc="http://purl.org/dc/elements/1.1/"
  xmlns:wp="http://wordpress.org/export/1.2/"
>
<channel>
  <title>The Courier</title>
  <link>{SITE}</link>
  <language>{language}</language>
  <wp:wxr_version>1.2</wp:wxr_version>
  <wp:base_site_url>{SITE}</wp:base_site_url>
  <wp:author><wp:author_id>2</wp:author_id><wp:author_login><![CDATA[jane.login]]></wp:author_login>
    <wp:author_display_name><![CDATA[Jane Doe]]></wp:author_display_name></wp:author>
  <wp:category><wp:term_id>3</wp:term_id><wp:cat_name><![CDATA[Fun &amp; Harbour]]></wp:cat_name></wp:category>
  <generator>https://wordpress.org/?v=6.5.2</generator>
{"".join(items)}
</channel>
</rss>
"""


Write = Callable[[str | bytes], str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(content: str | bytes) -> str:
        path = tmp_path / "courier.WordPress.2024-03-07.xml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return write


def serve(web: Web, *pages: Any, path: str = "/wp-json/wp/v2/posts?", query: str = QUERY, **headers: Any) -> str:
    """Answer pages of posts as WordPress does; return the address without parameters of ours."""
    told: dict[str, Any] = {
        "X_WP_TotalPages": str(len(pages)),
        "Content_Type": "application/json; charset=UTF-8",
        **headers,
    }
    for number, page in enumerate(pages, 1):
        web.serve(f"{path}{query}&page={number}", json.dumps(page).encode(), **told)
    return web.url + path.rstrip("?")


def read(source: str) -> list[Record | Unreadable]:
    return list(read_source(source, allow_private_networks=True))


def fields(record: Record | Unreadable) -> dict[str, Any]:
    assert isinstance(record, Record), record
    assert not isinstance(record.fields, bytes)
    return dict(record.fields)


def titled(records: list[Record | Unreadable]) -> list[str]:
    return [fields(record)["title"] for record in records]


def wheres(records: list[Record | Unreadable]) -> list[str]:
    return [record.where for record in records]


# Both


def test_a_post_is_the_same_article_from_both(web: Web, write: Write) -> None:
    """Whether rendered over REST or as typed in the export: every field is equal, and as an editor expects it."""
    (rest,) = read(serve(web, [posted()]))
    (exported,) = read(write(export(item(), ATTACHMENT)))
    assert fields(rest) == fields(exported) == ARTICLE
    assert parse_article(fields(rest)).title == ARTICLE["title"]


def test_importing_both_changes_nothing(web: Web, write: Write, service: Service) -> None:
    """The export brings the archive, REST finds it unchanged, and the export after it again."""
    export_file, address = write(export(ATTACHMENT, item())), serve(web, [posted()])
    report = ImportReport()
    for unchanged, source in enumerate((export_file, address, export_file)):
        records = read_source(source, allow_private_networks=True)
        import_articles(records, service.archive, service.intake, report)
        assert (report.new, report.changed, report.unchanged) == (1, 0, unchanged)


@pytest.mark.parametrize(
    ("rendered", "typed"),
    [
        ("<p>One<br />\ntwo</p>\n<p>Three</p>\n", "One\ntwo\n\nThree"),
        ("<p>Look:</p>\n<div class='gallery'></div>\n<p>!</p>", 'Look:\n\n[gallery ids="1,2"]\n\n!'),
        ("<p>It&#8217;s 4&#215;4 &#8212; &#8220;so&#8221;&#8230;</p>", 'It\'s 4x4 -- "so"...'),
        ("<p>A &#8222;Wort&#8220;</p>", 'A "Wort"'),
        ("<p>A</p>\n<iframe src='https://video.example'>x</iframe>\n", "A\n\n[embed]https://video.example/1[/embed]"),
        ("<p>He said [sic] so</p>", "He said [sic] so"),
    ],
    ids=["classic editor", "shortcode", "typography", "german quotes", "embed", "brackets"],
)
def test_a_body_is_the_same_rendered_and_typed(web: Web, write: Write, rendered: str, typed: str) -> None:
    """What WordPress does to a text when it shows it is undone."""
    (rest,) = read(serve(web, [posted(content={"rendered": rendered, "protected": False})]))
    (exported,) = read(write(export(item(content=typed))))
    assert fields(rest)["body"] == fields(exported)["body"] != ""


@pytest.mark.parametrize(
    ("rendered", "typed"),
    [
        ("&#8216;Never&#8217; again", "'Never' again"),
        ("Rock &#8217;99 and the &#8216;other&#8217;", "Rock '99 and the 'other'"),
        ("1990&#8211;2000: (&#8220;done&#8221;)", '1990--2000: ("done")'),
        ("Late &#8212; again&#8212;and again", "Late -- again---and again"),
        ("&#8220;It&#8217;s &#8216;so&#8217;&#8221;", "\"It's 'so'\""),
        ("If 1 &lt; 2", "If 1 < 2"),
    ],
)
def test_a_title_is_the_same_rendered_and_typed(web: Web, write: Write, rendered: str, typed: str) -> None:
    """The export's titles get the typography that readers see on the site."""
    (rest,) = read(serve(web, [posted(title={"rendered": rendered})]))
    (exported,) = read(write(export(item(title=typed))))
    assert fields(rest)["title"] == fields(exported)["title"]


def test_quotes_of_other_languages_are_left_as_typed(write: Write) -> None:
    """How they look is each translation's own choice."""
    (record,) = read(write(export(item(title='Sagt "ja", so geht\'s'), language="de-DE")))
    assert fields(record)["title"] == 'Sagt "ja", so geht\u2019s'


@pytest.mark.parametrize(
    ("rendered", "typed"),
    [
        ("<p>The ferry &#8220;Aurora&#8221; sails [&hellip;]</p>\n", ""),
        ("<p>The ferry &#8220;Aurora&#8221; sails again&hellip;</p>\n", ""),
        ('<p>The ferry <a class="more-link" href="/">Read on</a></p>\n', ""),
        ("<p>Something else</p>\n", "Something else"),
    ],
)
def test_an_excerpt_is_a_summary_only_when_somebody_wrote_it(web: Web, write: Write, rendered: str, typed: str) -> None:
    """WordPress cuts one from the text where there is none, which the export does not have."""
    (rest,) = read(serve(web, [posted(excerpt={"rendered": rendered, "protected": False})]))
    (exported,) = read(write(export(item(excerpt=typed))))
    assert fields(rest)["summary"] == fields(exported)["summary"] == typed


@pytest.mark.parametrize("trap", ["[a ", "<a ", "[gallery ", "<!--", "<p", "--", "&", "[a b="])
def test_no_text_takes_long(write: Write, trap: str) -> None:
    """Whatever is opened a hundred thousand times and never closed is read at once."""
    (record,) = read(write(export(item(content=trap * 100_000, excerpt=trap * 100_000, title=trap * 300))))
    assert fields(record)["id"] == "11"


# REST


def test_every_page_is_read_in_order(web: Web) -> None:
    """Pages of a hundred are asked for with all that belongs to a post; progress counts them."""
    address = serve(web, [posted(id=1)], [posted(id=2)], [posted(id=3)])
    ticks: list[tuple[int, int | None]] = []
    records = list(
        read_source(address, allow_private_networks=True, progress=lambda done, total=None: ticks.append((done, total)))
    )
    assert wheres(records) == ["post 1", "post 2", "post 3"]
    assert ticks == [(1, 3), (2, 3), (3, 3)]
    assert len(web.paths) == 3


def test_the_parameters_of_an_address_go_before_ours(web: Web) -> None:
    """A nightly import may ask for what was modified, in smaller pages, and for a site without permalinks."""
    query = "per_page=20&_embed=author%2Cwp%3Afeaturedmedia%2Cwp%3Aterm&modified_after=2024-03-05T00%3A00%3A00Z"
    serve(web, [posted()], query=query)
    assert len(read(f"{web.url}/wp-json/wp/v2/posts?per_page=20&modified_after=2024-03-05T00:00:00Z")) == 1
    serve(web, [posted()], path="/index.php?", query=QUERY + "&rest_route=%2Fwp%2Fv2%2Fposts")
    assert len(read(f"{web.url}/index.php?rest_route=/wp/v2/posts")) == 1


@pytest.mark.parametrize("root", ["/wp-json", "/wp-json/", "/blog/wp-json/wp/v2/"])
def test_the_root_of_the_interface_is_enough(web: Web, root: str) -> None:
    """It leads to the posts."""
    serve(web, [posted()], path=f"{root.partition('wp-json')[0]}wp-json/wp/v2/posts?")
    assert wheres(read(web.url + root)) == ["post 11"]


def test_the_address_of_the_site_is_enough(web: Web) -> None:
    """Every page of a WordPress site names its REST interface; one on another host is not asked."""
    serve(web, [posted()])
    link = '<{}/wp-json/>; rel="https://api.w.org/"'
    web.serve("/", b"<!DOCTYPE html><html></html>", Link=link.format(web.url), Content_Type="text/html")
    assert wheres(read(web.url + "/")) == ["post 11"]
    web.serve("/away", b"<!DOCTYPE html><html></html>", Link=link.format("http://elsewhere.example"))
    with pytest.raises(SourceError, match="on another host"):
        read(web.url + "/away")
    web.serve("/feed", b"<rss><channel><item><title>T</title></item></channel></rss>", Link=link.format(web.url))
    assert wheres(read(web.url + "/feed")) == ["entry 1"]


def test_link_headers_are_followed_where_the_count_is_lost(web: Web) -> None:
    """Some proxies take WordPress's own headers away; without any, a full page is no end."""
    path = f"/wp-json/wp/v2/posts?{QUERY}&page="
    web.serve(path + "1", json.dumps([posted(id=1)]).encode(), Link=f'<{web.url}/x>; rel="next"')
    web.serve(path + "2", json.dumps([posted(id=2)]).encode(), Link=f'<{web.url}/x>; rel="prev"')
    assert wheres(read(f"{web.url}/wp-json/wp/v2/posts")) == ["post 1", "post 2"]
    web.serve(path + "1", json.dumps([posted(id=number) for number in range(100)]).encode())
    with pytest.raises(SourceError, match="how many pages"):
        read(f"{web.url}/wp-json/wp/v2/posts")


def test_only_what_the_public_may_read_is_taken(web: Web) -> None:
    """An authorized answer has drafts and private posts too; a post with a password has no text."""
    posts = [posted(id=number, status=status) for number, status in enumerate(["draft", "private", "future"])]
    posts += [posted(id=8, content={"rendered": "", "protected": True}), posted(id=9)]
    assert wheres(read(serve(web, posts))) == ["post 9"]


def test_what_may_not_be_seen_is_left_out(web: Web) -> None:
    """Where a site hides its users or a picture is private, an error stands in their place."""
    error = {"code": "rest_user_invalid_id", "message": "Invalid user ID.", "data": {"status": 404}}
    embedded = {"author": [error], "wp:featuredmedia": [error], "wp:term": [error, []]}
    (record,) = read(serve(web, [posted(_embedded=embedded)]))
    article = parse_article(fields(record))
    assert (article.authors, article.image_url, article.section, article.tags) == ((), None, None, ())


def test_a_post_of_no_category_has_no_section(web: Web, write: Write) -> None:
    """The one that WordPress gives by itself says nothing, in any language."""
    terms = [[{"name": "Allgemein", "slug": "allgemein", "taxonomy": "category"}]]
    (record,) = read(serve(web, [posted(_embedded={"wp:term": terms})]))
    assert fields(record)["section"] is None
    (record,) = read(write(export(item().replace('nicename="harbour"', 'nicename="non-classe"'))))
    assert fields(record)["section"] is None


def test_a_bad_post_does_not_cost_the_others(web: Web) -> None:
    """It is reported with its place and what is wrong, and the pages go on."""
    broken = {key: value for key, value in posted(id=2).items() if key != "link"}
    records = read(serve(web, [posted(id=1), broken, "text", posted(id=3)], [posted(id=4)]))
    assert wheres(records) == ["post 1", "page 1, post 2", "page 1, post 3", "post 3", "post 4"]
    assert isinstance(records[1], Unreadable)
    assert "link" in records[1].reason


BEYOND = b'{"code":"rest_post_invalid_page_number","message":"Beyond.","data":{"status":400}}'


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (400, BEYOND, "answers 400"),
        (401, b'{"code":"rest_forbidden"}', "answers 401 .*user:password@"),
        (403, b"<html>Blocked</html>", "answers 403"),
        (500, b"", "answers 500 .*try again later"),
        (200, b"<!DOCTYPE html><title>Are you human?</title>", "web page instead of JSON"),
        (200, b"<br /><b>Warning</b>: in plugin.php []", "web page instead of JSON"),
        (200, b"[{", "is not JSON"),
        (200, b"[" * 100_000, "is not JSON"),
        (200, b"", "is not JSON"),
        (200, BEYOND, "is not a list of posts"),
    ],
)
def test_a_page_that_fails_ends_the_import_and_keeps_what_came(
    web: Web, service: Service, status: int, body: bytes, problem: str
) -> None:
    """One clear error names the page; every post of the pages before is stored and counted."""
    address, report = serve(web, [posted(id=1), posted(id=2), {"id": 3}], []), ImportReport()
    web.serve(f"/wp-json/wp/v2/posts?{QUERY}&page=2", body, status)
    with pytest.raises(SourceError, match=f"page 2: .*{problem}.*what came before it is imported"):
        import_articles(read_source(address, allow_private_networks=True), service.archive, service.intake, report)
    assert sorted(article.id for article in service.archive.articles()) == ["1", "2"]
    assert (report.new, report.rejected) == (2, 1)


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_the_command_prints_what_came_before_a_page_that_fails(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    """The counts on stdout, the failure in one line on stderr, and exit code 1."""
    monkeypatch.setenv("RECOMMENDER_ALLOW_PRIVATE_NETWORKS", "true")
    address = serve(web, [posted(id=1), posted(id=2)], [])
    web.serve(f"/wp-json/wp/v2/posts?{QUERY}&page=2", b"", 500)
    done = CliRunner().invoke(main, ["import", address, "--data-dir", str(tmp_path), *options])
    assert done.exit_code == 1
    assert json.loads(done.stdout)["new"] == 2 if options else done.stdout.startswith("2 new, 0 changed")
    assert "Error: page 2: " in done.stderr


def test_credentials_are_sent_with_every_page_and_never_shown(web: Web) -> None:
    """An application password in the address signs in."""
    address = serve(web, [posted(id=1)], [posted(id=2)]).replace("://", "://ann:hunter2@")
    read(address)
    assert all(headers["Authorization"].startswith("Basic ") for _, headers in web.requests)
    web.serve(f"/wp-json/wp/v2/posts?{QUERY}&page=2", b"", 401)
    with pytest.raises(SourceError, match="401") as caught:
        read(address)
    assert "hunter2" not in str(caught.value)
    with pytest.raises(SourceError, match="cannot fetch") as caught:
        read("http://ann:hunter2@[/wp/v2/posts")
    assert "hunter2" not in str(caught.value)


def test_pages_do_not_go_on_for_ever(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that always has another page is left; an empty one is the end."""
    monkeypatch.setattr(wordpress_rest, "MAX_PAGES", 2)
    with pytest.raises(SourceError, match="last page that is read"):
        read(serve(web, [posted(id=1)], [posted(id=2)], X_WP_TotalPages="999"))
    assert read(serve(web, [], X_WP_TotalPages="999")) == []


def test_no_page_is_asked_for_in_a_private_network(web: Web) -> None:
    """The rule for every source on the web holds here too."""
    address = serve(web, [posted()])
    with pytest.raises(SourceError, match="private network"):
        list(read_source(address))
    assert web.requests == []


# The export file


def test_only_published_posts_are_taken_from_an_export(write: Write) -> None:
    """Pages, attachments, drafts and posts with a password are in the file and are no articles."""
    others = [item(type="page"), item(type="nav_menu_item"), item(password="secret"), ATTACHMENT]
    others += [item(status=status) for status in ("draft", "private", "future", "trash", "pending", "inherit")]
    assert wheres(read(write(export(*others, item(id="99"))))) == ["post 99"]


@pytest.mark.parametrize(
    ("gmt", "date", "expected"),
    [
        ("2024-03-05 08:00:00", "2024-03-05 10:00:00", "2024-03-05T08:00:00"),
        ("0000-00-00 00:00:00", "2024-03-05 10:00:00", "2024-03-05T10:00:00"),
        ("0000-00-00 00:00:00", "0000-00-00 00:00:00", None),
    ],
)
def test_a_moment_that_wordpress_lost_is_not_made_up(write: Write, gmt: str, date: str, expected: str | None) -> None:
    """Zeros are no date: the local time stands in, and where that is missing too there is none."""
    (record,) = read(write(export(item(gmt=gmt, date=date))))
    article = parse_article(fields(record))
    assert fields(record)["published_at"] == expected
    assert (article.published_at is None) is (expected is None)


def test_logins_are_not_shown_as_authors(write: Write) -> None:
    """A login without a name in the file is nobody: it is half of a password."""
    (record,) = read(
        write(export(item()).replace("<wp:author_login><![CDATA[jane.login", "<wp:author_login><![CDATA[x"))
    )
    assert fields(record)["authors"] == []


def test_older_exports_are_read(write: Write) -> None:
    """Version 1.1, without CDATA around short values and without a time of modification."""
    older = export(item()).replace("export/1.2/", "export/1.1/")
    older = older.replace("<![CDATA[publish]]>", "publish").replace("post_modified", "post_forgotten")
    (record,) = read(write(older))
    assert (fields(record)["summary"], fields(record)["updated_at"]) == (ARTICLE["summary"], None)


def test_a_packed_export_is_read_and_one_that_breaks_off_gives_what_is_whole(write: Write) -> None:
    """The tail is one unreadable record; the pictures that were found are kept."""
    items = [item(id=str(number), content=f"{number:x}" * 50) for number in range(2000)]
    packed = gzip.compress(export(ATTACHMENT, *items).encode())
    records = read(write(packed))
    assert len(records) == 2000
    *whole, tail = read(write(packed[: len(packed) // 2]))
    assert isinstance(tail, Unreadable)
    assert "breaks off" in tail.reason
    assert fields(whole[-1])["image_url"] == ARTICLE["image_url"]


def test_an_export_that_is_broken_gives_what_comes_before(write: Write) -> None:
    """The break is the last record."""
    first, tail = read(write(export(item(), item()).rpartition("<wp:status>")[0]))
    assert fields(first)["id"] == "11"
    assert isinstance(tail, Unreadable)
    assert (tail.where, "broken from here on" in tail.reason) == ("item 2", True)


def test_characters_that_xml_forbids_do_not_break_an_export(write: Write) -> None:
    """WordPress writes what editors paste: control characters and half a character vanish or are marked."""
    content = export(item(content="<p>be\x08fore\x0b and after</p>")).encode().replace(b"after", b"aft\xc3er")
    (record,) = read(write(content))
    assert fields(record)["body"] == "before and aft\ufffder"


def test_a_large_export_is_not_held_in_memory(write: Write) -> None:
    """Twelve megabytes of posts are read in two."""
    items = (item(id=str(number), content="<p>" + "words " * 2000 + "</p>") for number in range(1000))
    source = write(export(*items))
    assert Path(source).stat().st_size > 12_000_000
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_source(source)) == 1000
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("doctype", ['<!DOCTYPE rss [<!ENTITY i "ha">]>', '<!DOCTYPE rss SYSTEM "http://127.0.0.1/x">'])
def test_an_export_with_a_document_type_is_refused(write: Write, doctype: str) -> None:
    """Entities neither expand nor are fetched, whatever the file says that its encoding is."""
    with pytest.raises(SourceError, match="declares a document type"):
        read(write(export(item()).replace("<rss", f"{doctype}<rss", 1)))
    hidden = export(item(content="x&i;")).replace(
        'encoding="UTF-8" ?>', f'encoding="UTF-7" ?><!-- +AC0-+AC0-+AD4- {doctype} -->'
    )
    (record,) = read(write(hidden))
    assert fields(record)["body"] == "x&i;"


def test_an_export_is_read_from_the_web(web: Web) -> None:
    """A URL may lead to an export too."""
    web.serve("/export.xml", export(item(), ATTACHMENT).encode(), Content_Type="text/xml; charset=UTF-8")
    (record,) = read(web.url + "/export.xml")
    assert fields(record) == ARTICLE
