"""A workflow does not reach into the network that it runs in, whatever addresses, names or redirects it is given."""

import ssl
from pathlib import Path

import pytest

from headchef.runtime.settings import BadSettings, load
from headchef.sources.errors import FetchFailed
from headchef.sources.fetcher import Fetcher
from headchef.sources.settings import SourceSettings
from headchef.sources.wanted import Wanted
from tests.sources.fetching import fetching, public_elsewhere, wanted
from tests.sources.site import ELSEWHERE, HOME, Site, answer, moved, serving

CERTIFICATE = Path(__file__).with_name("pim.example.pem")
FOUND = answer("found", content_type="text/plain")


async def reason(fetcher: Fetcher, what: Wanted) -> str:
    with pytest.raises(FetchFailed) as raised:
        await fetcher.fetch(what)
    assert not raised.value.may_pass
    return raised.value.reason


def of(site: Site, host: str, path: str = "/x", scheme: str = "http") -> str:
    return f"{scheme}://{host}:{site.port}{path}"


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.0.0.2", "127.1", "2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1"),
        *("0.0.0.0", "0", "[::]", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]"),
        *("[64:ff9b::7f00:1]", "[2002:7f00:1::]", "localhost", "LOCALHOST", "localhost.", "①②⑦.⓪.⓪.①", "127。0。0。1"),
    ],
)
async def test_no_spelling_of_this_machine_reaches_it(host: str) -> None:
    async with serving() as site, fetching(private_hosts=None) as fetcher:
        site.at("/x", FOUND)
        with pytest.raises(FetchFailed) as raised:
            await fetcher.fetch(wanted(of(site, host), allow_hosts=(f"{host}:{site.port}",)))
        # A system that does not take a spelling for this machine finds nobody by it.
        assert raised.value.reason in ("forbidden_address", "bad_address", "unreachable")
        assert site.asked == []


@pytest.mark.parametrize(
    "answers", [[HOME], [ELSEWHERE, HOME], [HOME, ELSEWHERE], ["::ffff:127.0.0.1"], ["fe80::1%lo"]]
)
async def test_a_name_is_refused_if_one_of_its_addresses_is_private(answers: list[str]) -> None:
    names = {"pim.example": [answers]}
    async with serving() as site, fetching(names=names, public=public_elsewhere) as fetcher:
        site.at("/x", FOUND)
        assert await reason(fetcher, wanted(of(site, "pim.example"))) == "forbidden_address"
        assert site.asked == []


async def test_what_was_looked_at_is_what_is_connected_to() -> None:
    names = {"pim.example": [[ELSEWHERE], [HOME]]}
    async with serving() as site, fetching(names=names, public=public_elsewhere) as fetcher:
        site.at("/x", FOUND)
        assert (await fetcher.fetch(wanted(of(site, "pim.example")))).value == "found"
        assert [host for host, _ in site.asked] == [ELSEWHERE]
        assert f"Host: pim.example:{site.port}" in site.asked[0][1]
        assert await reason(fetcher, wanted(of(site, "pim.example"))) == "forbidden_address"
        assert len(site.asked) == 1


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("http://127.0.0.3:{port}/secret", "forbidden_address"),
        ("http://[::1]:{port}/secret", "forbidden_address"),
        ("http://inside.example:{port}/secret", "forbidden_address"),
        ("//inside.example:{port}/secret", "forbidden_address"),
        ("http://other.example:{port}/secret", "host_not_allowed"),
        ("http://pim.example/secret", "host_not_allowed"),
        ("http://me:secret@pim.example:{port}/secret", "bad_address"),
        ("file:///etc/passwd", "bad_address"),
        ("http://[", "bad_address"),
    ],
)
async def test_a_redirect_is_looked_at_like_any_other_address(target: str, expected: str) -> None:
    names = {"pim.example": [[ELSEWHERE]], "inside.example": [[HOME]], "other.example": [[ELSEWHERE]]}
    async with serving() as site, fetching(names=names, public=public_elsewhere) as fetcher:
        site.at("/secret", FOUND)
        site.at("/x", moved(target.format(port=site.port)))
        hosts = [f"{host}:{site.port}" for host in ("pim.example", "inside.example", "127.0.0.3", "[::1]")]
        assert await reason(fetcher, wanted(of(site, "pim.example"), allow_hosts=hosts)) == expected
        assert site.paths == ["/x"]


async def test_the_operator_may_allow_hosts_which_the_workflow_must_name_too() -> None:
    names = {"pim.example": [[HOME]], "xn--bcher-kva.example": [[HOME]], "other.example": [[HOME]]}
    async with serving() as site, fetching(names=names, private_hosts=" PIM.example, bücher.example,127.0.0.1,") as it:
        site.at("/x", FOUND)
        for host in ("pim.example", "bücher.example", "127.0.0.1"):
            assert (await it.fetch(wanted(of(site, host)))).value == "found"
        assert await reason(it, wanted(of(site, "other.example"))) == "forbidden_address"
        assert await reason(it, wanted(of(site, "pim.example"), allow_hosts=("other.example",))) == "host_not_allowed"


def test_what_the_operator_allows_has_no_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    for text, message in (("pim.example:80", "pim.example:80 has a port"), ("http://pim.example", "is no host")):
        monkeypatch.setenv("HEADCHEF_SOURCES_PRIVATE_HOSTS", text)
        with pytest.raises(BadSettings, match=f"HEADCHEF_SOURCES_PRIVATE_HOSTS.*{message}"):
            load(SourceSettings)


async def test_a_certificate_is_held_against_the_name_and_not_the_address() -> None:
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    served.load_cert_chain(CERTIFICATE)
    trusted = ssl.create_default_context(cafile=CERTIFICATE)
    names = {"pim.example": [[ELSEWHERE]], "other.example": [[ELSEWHERE]]}
    async with serving(served) as site, fetching(names=names, public=public_elsewhere, tls=trusted) as fetcher:
        site.at("/x", FOUND)
        assert (await fetcher.fetch(wanted(of(site, "pim.example", scheme="https")))).value == "found"
        with pytest.raises(FetchFailed) as raised:
            await fetcher.fetch(wanted(of(site, "other.example", scheme="https"), retries=3))
        assert (raised.value.reason, len(site.asked)) == ("unreachable", 1)
        assert raised.value.message.endswith("is not one for other.example")
    async with serving(served) as site, fetching(names=names, public=public_elsewhere) as fetcher:
        assert await reason(fetcher, wanted(of(site, "pim.example", scheme="https"))) == "unreachable"


async def test_no_redirect_leads_from_https_to_http() -> None:
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    served.load_cert_chain(CERTIFICATE)
    trusted = ssl.create_default_context(cafile=CERTIFICATE)
    names = {"pim.example": [[ELSEWHERE]]}
    async with serving(served) as site, fetching(names=names, public=public_elsewhere, tls=trusted) as fetcher:
        site.at("/x", moved(of(site, "pim.example", "/y")))
        assert await reason(fetcher, wanted(of(site, "pim.example", scheme="https"))) == "forbidden_redirect"
