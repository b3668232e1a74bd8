"""Feeds and news sitemaps, as files."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs.sources import Record, Unreadable, read_source
from jobs.sources.markup import MAX_XML_BYTES
from recommender.article import parse_article
from recommender.errors import ArticleError, SourceError

RSS = """<?xml version="1.0" encoding="utf-8"?>
<?xml-stylesheet href="feed.css"?>
<!-- made by hand -->
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
     xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>The Courier</title><language>en_gb</language>
<item>
  <title>Fish &amp;amp; chips: it&amp;#8217;s &lt;i&gt;back&lt;/i&gt;</title>
  <link>https://news.example/a?x=1&amp;y=2</link>
  <guid isPermaLink="false"> a-1 </guid>
  <description>A &lt;b&gt;short&lt;/b&gt; one</description>
  <content:encoded><![CDATA[<!DOCTYPE html><p>The whole <em>text</em></p>]]></content:encoded>
  <category>Food</category><category>Harbour</category>
  <dc:creator>Jane Doe</dc:creator>
  <pubDate>Tue, 05 Mar 2024 10:00:00 +0200</pubDate>
  <enclosure url="https://news.example/a.mp3" type="audio/mpeg" length="9"/>
  <media:content url="https://news.example/a.mp4" type="video/mp4"/>
  <media:content url="https://news.example/a.jpg" medium="image"/>
</item>
<item><title>If a &lt; b</title><guid>https://news.example/b</guid><pubDate>yesterday</pubDate></item>
</channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de">
<entry>
  <id>tag:news.example,2024:1</id><title type="text">Gr&#252;n &amp;amp; gut</title>
  <link href="https://news.example/1"/><link rel="enclosure" type="image/png" href="https://news.example/1.png"/>
  <content type="html">&lt;p&gt;Alles&lt;/p&gt;</content>
  <category term="pol" label="Politik"/><author><name>A. B.</name></author><author><name>C. D.</name></author>
  <published>2024-03-05T10:00:00.5+02:00</published><updated>2024-03-06T00:00:00Z</updated>
</entry></feed>"""

SITEMAP = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"
        xmlns:image="http://www.google.com/schemas/sitemap-image/1.1" xmlns:video="http://example.com/video">
<url>
  <loc> https://news.example/1 </loc>
  <news:news><news:publication><news:name>The Courier</news:name><news:language>pt-br</news:language></news:publication>
    <news:publication_date>2024-03-05T10:00+02:00</news:publication_date>
    <news:title>Peixe &amp; batata</news:title><news:keywords>mar, peixe</news:keywords></news:news>
  <image:image><image:loc>https://news.example/1.jpg</image:loc><image:title>no title</image:title></image:image>
  <video:video><video:url>https://news.example/1.mp4</video:url></video:video>
</url>
<url><loc>https://news.example/about</loc><image:image><image:title>no title</image:title></image:image></url>
</urlset>"""

Read = Callable[[str | bytes], list[Record | Unreadable]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(content: str | bytes) -> list[Record | Unreadable]:
        path = tmp_path / "source.xml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return list(read_source(str(path)))

    return read


def fields(record: Record | Unreadable) -> dict[str, Any]:
    assert isinstance(record, Record), record
    assert not isinstance(record.fields, bytes)
    return dict(record.fields)


def test_an_rss_item_becomes_an_article(read: Read) -> None:
    """Every field is found where newsrooms put it; the title is plain text, the moment RFC 3339 in UTC."""
    first, second = read(RSS)
    assert fields(first) == {
        "id": "a-1",
        "title": "Fish & chips: it\u2019s back",
        "url": "https://news.example/a?x=1&y=2",
        "summary": "A <b>short</b> one",
        "body": "<!DOCTYPE html><p>The whole <em>text</em></p>",
        "section": "Food",
        "tags": ["Food", "Harbour"],
        "authors": ["Jane Doe"],
        "language": "en-gb",
        "published_at": "2024-03-05T08:00:00+00:00",
        "updated_at": None,
        "image_url": "https://news.example/a.jpg",
    }
    assert parse_article(fields(first)).section == "Food"
    assert fields(second)["title"] == "If a < b"
    assert fields(second)["id"] == fields(second)["url"] == "https://news.example/b"
    assert fields(second)["published_at"] == "yesterday"  # for the validation to report


def test_an_atom_entry_becomes_an_article(read: Read) -> None:
    """Labels go before terms, the content is not repeated as the summary."""
    assert fields(read(ATOM)[0]) == {
        "id": "tag:news.example,2024:1",
        "title": "Grün & gut",
        "url": "https://news.example/1",
        "summary": "",
        "body": "<p>Alles</p>",
        "section": "Politik",
        "tags": ["Politik"],
        "authors": ["A. B.", "C. D."],
        "language": "de",
        "published_at": "2024-03-05T08:00:00+00:00",
        "updated_at": "2024-03-06T00:00:00+00:00",
        "image_url": "https://news.example/1.png",
    }


def test_an_rss_1_feed_is_read(read: Read) -> None:
    """The oldest kind, with its prefixes, is a feed too."""
    records = read(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
        '<item rdf:about="https://news.example/1"><title>T</title><link>https://news.example/1</link></item></rdf:RDF>'
    )
    assert [fields(record)["id"] for record in records] == ["https://news.example/1"]


def test_a_whole_text_in_the_description_is_the_body(read: Read) -> None:
    """A description beyond the length of a summary must not cost the article."""
    record = read(RSS.replace("yesterday</pubDate>", f"</pubDate><description>{'word ' * 9000}</description>"))[1]
    assert fields(record)["summary"] == ""
    assert len(parse_article({**fields(record), "published_at": None}).body) > 40_000


@pytest.mark.parametrize("named", ["<language>English</language>", "<language></language>", ""])
def test_a_feed_with_a_wrong_language_keeps_its_entries(read: Read, named: str) -> None:
    """What is not BCP 47 is left out."""
    assert fields(read(RSS.replace("<language>en_gb</language>", named))[0])["language"] is None


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "windows-1252", "iso-8859-1"])
def test_a_feed_in_another_encoding_is_read(read: Read, encoding: str) -> None:
    """The byte order mark, then what the document declares."""
    declared = "utf-16" if encoding == "utf-16" else encoding
    feed = f'<?xml version="1.0" encoding="{declared}"?>{ATOM.replace("&#252;", "ü")}'
    assert fields(read(feed.encode(encoding))[0])["title"] == "Grün & gut"


def test_a_feed_that_wrongly_says_it_is_utf_16_is_read(read: Read) -> None:
    """Some programs declare UTF-16 and write UTF-8."""
    assert fields(read(f'<?xml version="1.0" encoding="utf-16"?>{ATOM}')[0])["title"] == "Grün & gut"


@pytest.mark.parametrize("encoding", ["utf-7", "punycode", "no-such", "cp9999"])
def test_a_strange_encoding_is_refused(read: Read, encoding: str) -> None:
    """What could hide a document type, or takes long to decode, is not decoded."""
    with pytest.raises(SourceError, match=f"encoding {encoding}; save it as UTF-8"):
        read(f'<?xml version="1.0" encoding="{encoding}"?>{ATOM}')


def test_a_feed_with_undeclared_entities_is_read(read: Read) -> None:
    """A stray &nbsp; is no reason to lose a feed."""
    assert fields(read(ATOM.replace("&#252;", "&uuml;"))[0])["title"] == "Grün & gut"


def test_a_feed_that_breaks_off_loses_only_its_last_entry(read: Read) -> None:
    """Half an entry is reported, not imported."""
    whole, broken = read(RSS.partition("</pubDate></item>\n</channel>")[0])
    assert fields(whole)["id"] == "a-1"
    assert broken == Unreadable("entry 2", "the feed breaks off here")


@pytest.mark.parametrize("broken", ["&#1114112;", '<psc:chapters version="1.2"><psc:chapter/></psc:chapters>'])
def test_a_feed_too_broken_to_parse_is_refused(read: Read, broken: str) -> None:
    """What the parser cannot bear is an error of the source, not a crash."""
    with pytest.raises(SourceError, match="broken and cannot be read as a feed"):
        read(f'<rss xmlns:psc="http://podlove.org/simple-chapters"><channel><item>{broken}</item></channel></rss>')


def test_values_that_mean_nothing_are_left_to_the_validation(read: Read) -> None:
    """Broken addresses and moments do not stop the reader; the articles are refused with the field's name."""
    (record,) = read(
        "<rss><channel><item><link>http://[</link><title/><description/>"
        "<pubDate>0000-01-01T00:00:00Z</pubDate><enclosure url='http://[' type='image/png'/>"
        "</item></channel></rss>"
    )
    with pytest.raises(ArticleError, match=r"url: .*published_at: .*image_url: "):
        parse_article({**fields(record), "title": "T"})


def test_a_feed_without_entries_is_no_error(read: Read) -> None:
    """A quiet feed is a feed."""
    assert read("<rss><channel></channel></rss>") == []


def test_a_long_id_is_replaced_by_its_digest(read: Read) -> None:
    """Ids over 128 characters, which no article may have, become the same digest every time."""
    url = "https://news.example/" + "x" * 128
    digest = hashlib.sha256(url.encode()).hexdigest()
    assert fields(read(RSS.replace("> a-1 <", f">{url}<"))[0])["id"] == digest
    entry = fields(read(SITEMAP.replace("https://news.example/1 ", url + " "))[0])
    assert (entry["id"], entry["url"]) == (digest, url)
    assert fields(read(RSS.replace("> a-1 <", f">{'x' * 128}<"))[0])["id"] == "x" * 128


def test_a_news_sitemap_entry_becomes_an_article(read: Read) -> None:
    """The fields of the news and image extensions are found; an entry without a headline is reported."""
    first, second = read(SITEMAP)
    assert fields(first) == {
        "id": "https://news.example/1",
        "title": "Peixe & batata",
        "url": "https://news.example/1",
        "published_at": "2024-03-05T10:00+02:00",
        "language": "pt-br",
        "tags": ["mar", "peixe"],
        "image_url": "https://news.example/1.jpg",
    }
    assert parse_article(fields(first)).tags == ("mar", "peixe")
    assert isinstance(second, Unreadable)
    assert second.where == "entry 2"
    assert "no news:title" in second.reason


def test_a_packed_sitemap_is_read(read: Read) -> None:
    """Sitemaps are often published as .gz."""
    assert fields(read(gzip.compress(SITEMAP.encode()))[0])["title"] == "Peixe & batata"


def test_a_sitemap_that_is_broken_gives_what_comes_before(read: Read) -> None:
    """The break is reported as the last record."""
    first, tail = read(SITEMAP.partition("<url><loc>https://news.example/about")[0])
    assert fields(first)["title"] == "Peixe & batata"
    assert isinstance(tail, Unreadable)
    assert "broken from here on" in tail.reason


def test_an_index_that_is_broken_is_read_to_the_break(read: Read) -> None:
    """Its last record says so."""
    refused, tail = read("<sitemapindex><sitemap><loc>http://127.0.0.1:1/a</loc></sitemap><sitemap>")
    assert isinstance(refused, Unreadable)
    assert "private network" in refused.reason
    assert isinstance(tail, Unreadable)
    assert (tail.where, "broken from here on" in tail.reason) == ("sitemap 2", True)


def test_xml_nested_without_end_is_refused_quickly(read: Read) -> None:
    """A hundred thousand elements within each other are an error, not a crash."""
    (tail,) = read("<urlset>" + "<url>" * 100_000)
    assert isinstance(tail, Unreadable)
    assert read("<rss><channel>" + "<x>" * 100_000) == []


def test_a_packed_bomb_is_not_unpacked(read: Read) -> None:
    """XML that grows beyond the limit is refused as soon as it does."""
    bomb = gzip.compress(b"<urlset>" + b" " * (MAX_XML_BYTES * 2))
    assert len(bomb) < 100_000
    with pytest.raises(SourceError, match="longer than 32,000,000 bytes"):
        read(bomb)


def test_packed_xml_that_breaks_off_is_refused(read: Read) -> None:
    """A document is read whole or not at all."""
    packed = gzip.compress("".join(f"<!-- {number} -->" for number in range(99_999)).encode() + SITEMAP.encode())
    with pytest.raises(SourceError, match="breaks off or is damaged"):
        read(packed[:-20])


LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>"
)
PASSWD = '<!DOCTYPE x [<!ENTITY i SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("doctype", [LAUGHS, PASSWD, '<!DOCTYPE x SYSTEM "x.dtd">', '<!ENTITY i "ha">'])
@pytest.mark.parametrize("before", ["", " <!-- <rss> -->", "<?xml version='1.0'?>\n<?pi <!?>"])
@pytest.mark.parametrize("document", ["<rss><channel><item><title>&i;</title></item></channel></rss>", "<urlset/>"])
def test_a_document_type_is_refused_unread(read: Read, doctype: str, before: str, document: str) -> None:
    """Entities neither expand nor are fetched, in whatever encoding and behind whatever comment they are declared."""
    for encoding in ("utf-8", "utf-16"):
        with pytest.raises(SourceError, match="declares a document type or entities"):
            read((before + doctype + document).encode(encoding))


def test_entities_within_the_document_are_text(read: Read) -> None:
    """A declaration that stands where none may is not taken as one."""
    (record,) = read(f"<rss><channel>{LAUGHS}<item><title>&i;</title></item></channel></rss>")
    assert "haha" not in str(record)
