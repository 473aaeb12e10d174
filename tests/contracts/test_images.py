"""The images of a job: one way to give each, addresses of public hosts alone, and faults that say what is right."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headchef_contracts import registry
from headchef_contracts.events.common import Inline
from headchef_contracts.events.images import Image
from headchef_contracts.events.jobs import JobSubmitted
from headchef_contracts.events.steps import Message
from headchef_contracts.web_address import address_fault

from tests.support.images import ADDRESS, BEGINNINGS, png, written

PNG = {"media_type": "image/png", "base64": written(png())}
AT = {"media_type": "image/png", "url": ADDRESS}


def decode(*images: Any) -> JobSubmitted:
    event = registry.decode(
        "headchef.job.submitted", 1, json.dumps({"job_id": "a", "prompt": "hi", "images": images}).encode()
    )
    assert isinstance(event, JobSubmitted)
    return event


def fault(*images: Any) -> registry.BrokenContract:
    with pytest.raises(registry.BrokenContract) as caught:
        decode(*images)
    return caught.value


def test_images_are_taken_in_order_by_address_and_by_bytes() -> None:
    webp = {"media_type": "image/webp", "base64": written(BEGINNINGS["image/webp"] + b"more")}
    jpeg = {"media_type": "image/jpeg", "base64": written(BEGINNINGS["image/jpeg"])}
    job = decode(AT, PNG, webp, jpeg)
    assert [image.model_dump(exclude_none=True) for image in job.images] == [AT, PNG, webp, jpeg]
    assert decode(*[AT] * 20).images


@pytest.mark.parametrize(
    ("image", "field", "words"),
    [
        ({"url": ADDRESS}, "images.0.media_type", "required"),
        ({"media_type": "image/png"}, "images.0", "exactly one of `url` and `base64`"),
        (AT | PNG, "images.0", "exactly one of `url` and `base64`"),
        (AT | {"media_type": "image/gif"}, "images.0.media_type", "'image/jpeg', 'image/png' or 'image/webp'"),
        (AT | {"urls": 1}, "images.0.urls", "did you mean `url`?"),
        (AT | {"url": 5}, "images.0.url", "must be a string"),
        (AT | {"url": "http://www.example.com/a.png"}, "images.0.url", "must begin with https://"),
        (AT | {"url": f"{ADDRESS}?{'a' * 4096}"}, "images.0.url", "at most 4096 characters"),
        (PNG | {"base64": ""}, "images.0.base64", "must be base64 with its padding"),
        (PNG | {"base64": "Bild é"}, "images.0.base64", "must be base64 with its padding"),
        (PNG | {"base64": f"data:image/png;base64,{PNG['base64']}"}, "images.0.base64", "without a prefix such as"),
        (PNG | {"base64": written(png() + b"x").rstrip("=")}, "images.0.base64", "with its padding"),
        (PNG | {"base64": PNG["base64"][:40] + "\n" + PNG["base64"][40:]}, "images.0.base64", "without line breaks"),
        (PNG | {"base64": PNG["base64"][:-4] + "_-_-"}, "images.0.base64", "must be base64"),
        (PNG | {"media_type": "image/jpeg"}, "images.0", "it holds an image of the type image/png"),
        (PNG | {"base64": written(BEGINNINGS["image/gif"])}, "images.0", "no image of the types image/jpeg, image/png"),
        (PNG | {"base64": written(b"RIFF")}, "images.0", "no image of the types"),
        ("https://www.example.com/a.png", "images.0", "must be an object"),
    ],
)  # fmt: skip
def test_a_wrong_image_is_named_with_what_is_right(image: Any, field: str, words: str) -> None:
    found = fault(image)
    assert (found.field, found.reason) == (field, "invalid")
    assert words in found.message
    assert fault(AT, image).field == field.replace("0", "1", 1)


def test_a_message_has_at_most_twenty() -> None:
    assert fault(*[AT] * 21).message == "must have at most 20 items; got 21"


def test_equal_bytes_have_one_way_to_be_written() -> None:
    strict = written(png() + b"x")
    assert strict.endswith("eA==")
    assert decode(PNG | {"base64": strict}).images
    loose = strict.replace("eA==", "eB==")
    assert fault(PNG | {"base64": loose}).field == "images.0.base64", "the last bits before the padding are not 0"


@pytest.mark.parametrize(
    "address",
    [
        "https://www.example.com",
        "https://www.example.com:8443/a%20b/c.png?v=3&w=1,2#top",
        "https://bucket_1.s3.eu-central-1.amazonaws.com/k.png?X-Amz-Signature=0f&X-Amz-Date=20261127T000000Z",
        "https://xn--mnchen-3ya.example./a.png",
        "https://www.example.com/@user/a.png",
        "https://local.example.com/a.png",
        "https://127.0.0.1.example.com/a.png",
    ],
)
def test_addresses_of_public_hosts_are_taken(address: str) -> None:
    assert address_fault(address) is None


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "https://"),
        ("ftp://www.example.com/a.png", "https://"),
        ("HTTPS://www.example.com/a.png", "https://"),
        ("//www.example.com/a.png", "https://"),
        ("file:///etc/passwd", "https://"),
        ("data:image/png;base64,AAAA", "https://"),
        ("https://", "an address such as"),
        ("https:///a.png", "an address such as"),
        ("https://www..example.com/a.png", "an address such as"),
        ("https://-www.example.com/a.png", "an address such as"),
        (f"https://{'a' * 64}.example.com/a.png", "an address such as"),
        (f"https://{'a.' * 130}com/a.png", "an address such as"),
        ("https://www.example.com:99999/a.png", "an address such as"),
        ("https://www.example.com:x/a.png", "an address such as"),
        ("https://www.example.com/a b.png", "%20"),
        ("https://www.example.com/a.png\n", "%20"),
        ("https://www.example.com\\@evil.example/a.png", "%20"),
        ("https://www.münchen.example/a.png", "punycode"),
        ("https://user:secret@www.example.com/a.png", "no user and no password"),
        ("https://user@www.example.com/a.png", "no user and no password"),
        ("https://@www.example.com/a.png", "no user and no password"),
        ("https://93.184.216.34/a.png", "not give an IP address"),
        ("https://169.254.169.254/latest/meta-data", "not give an IP address"),
        ("https://127.1/a.png", "not give an IP address"),
        ("https://2130706433/a.png", "not give an IP address"),
        ("https://0x7f.0.0.0x1/a.png", "not give an IP address"),
        ("https://10.0.0.1./a.png", "not give an IP address"),
        ("https://[::1]/a.png", "not give an IP address"),
        ("https://[2606:2800:220:1::]/a.png", "not give an IP address"),
        ("https://localhost/a.png", "public host"),
        ("https://intranet/a.png", "public host"),
        ("https://cdn.localhost/a.png", "public host"),
        ("https://printer.local/a.png", "public host"),
        ("https://metadata.google.internal/a.png", "public host"),
        ("https://pim.svc.cluster.local:8443/a.png", "public host"),
        ("https://NAS.LAN/a.png", "public host"),
        ("https://home.arpa/a.png", "public host"),
    ],
)
def test_other_addresses_are_not_and_it_is_said_what_would_be_right(address: str, words: str) -> None:
    found = address_fault(address)
    assert found is not None
    assert words in found
    assert "secret" not in found


@given(st.text(max_size=60).map("https://{}".format) | st.text(max_size=60))
def test_an_address_is_judged_whatever_it_is(address: str) -> None:
    found = address_fault(address)
    assert found is None or found.startswith("must ")


def test_images_on_their_way_are_the_users() -> None:
    image = Image(media_type="image/png", url=ADDRESS)
    assert Message(role="user", content=Inline(inline="hi"), images=(image,)).images == (image,)
    for role in ("system", "assistant"):
        data = {"role": role, "content": {"inline": "hi"}, "images": [image.model_dump()]}
        with pytest.raises(ValueError, match="belong to a message of the user"):
            Message.model_validate(data)


def test_an_image_on_its_way_may_say_more_than_this_release_knows() -> None:
    assert Image.model_validate(AT | {"detail": "low"}) == Image(media_type="image/png", url=ADDRESS)
