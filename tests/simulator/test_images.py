"""The images that each dialect of the simulator takes, and those that it refuses in its provider's own words."""

from typing import Any

import aiohttp
import orjson
import pytest

from headchef.simulator.server import Simulator
from headchef.simulator.settings import Settings
from tests.support.images import ADDRESS, BEGINNINGS, png, written

PNG = written(png())
GIF = written(BEGINNINGS["image/gif"])


def openai(part: object, role: str = "user") -> tuple[str, dict[str, Any]]:
    said = [{"role": role, "content": [part]}, {"role": "user", "content": "What is it?"}]
    return "/v1/chat/completions", {"model": "simulated", "messages": said}


def openai_image(url: object) -> tuple[str, dict[str, Any]]:
    return openai({"type": "image_url", "image_url": {"url": url}})


def anthropic(**source: object) -> tuple[str, dict[str, Any]]:
    said = [{"type": "image", "source": source}, {"type": "text", "text": "What is it?"}]
    return "/v1/messages", {"model": "simulated", "max_tokens": 99, "messages": [{"role": "user", "content": said}]}


def anthropic_inline(media_type: str, data: str) -> tuple[str, dict[str, Any]]:
    return anthropic(type="base64", media_type=media_type, data=data)


def gemini(**part: object) -> tuple[str, dict[str, Any]]:
    parts = [part, {"text": "What is it?"}]
    return "/v1beta/models/simulated:generateContent", {"contents": [{"role": "user", "parts": parts}]}


def gemini_inline(media_type: str, data: str) -> tuple[str, dict[str, Any]]:
    return gemini(inlineData={"mimeType": media_type, "data": data})


async def said_to(path: str, body: object, **fields: Any) -> tuple[int, str]:
    async with (
        Simulator(Settings(port=0, **fields)) as simulator,
        aiohttp.ClientSession() as session,
        session.post(simulator.address + path, json=body) as response,
    ):
        return response.status, (await response.read()).decode()


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (openai_image(ADDRESS), ADDRESS),
        (openai_image(f"data:image/png;base64,{PNG}"), "image/png"),
        (openai_image(f"data:image/gif;base64,{GIF}"), "image/gif"),
        (anthropic(type="url", url=ADDRESS), ADDRESS),
        (anthropic_inline("image/png", PNG), "image/png"),
        (anthropic_inline("image/gif", GIF), "image/gif"),
        (gemini(fileData={"mimeType": "image/png", "fileUri": ADDRESS}), ADDRESS),
        (gemini_inline("image/png", PNG), "image/png"),
    ],
)
async def test_an_answer_tells_of_the_image(call: tuple[str, dict[str, Any]], name: str) -> None:
    status, said = await said_to(*call)
    assert status == 200
    assert name in said


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (openai_image("ftp://www.example.com/a.png"), "Expected a valid URL"),
        (openai_image(None), "Missing required parameter"),
        (openai_image("data:image/png;base64,?"), "Invalid base64 image_url"),
        (openai_image(f"data:image/png;base64,{written(b'text')}"), "unsupported image"),
        (
            openai({"type": "image_url", "image_url": {"url": ADDRESS}}, "system"),
            "only allowed for messages with role 'user'",
        ),
        (
            openai({"type": "image_url", "image_url": {"url": ADDRESS}}, "assistant"),
            "only allowed for messages with role 'user'",
        ),
        (anthropic(type="url", url="http://www.example.com/a.png"), "Only HTTPS URLs are supported"),
        (anthropic(type="file", file_id="x"), "image.source: Field required"),
        (anthropic_inline("image/heic", PNG), "media_type: Input should be 'image/jpeg' or 'image/png'"),
        (anthropic_inline("image/png", "?"), "invalid base64 data"),
        (anthropic_inline("image/png", written(b"text")), "Could not process image"),
        (anthropic_inline("image/jpeg", PNG), "image/jpeg media type, but the image appears to be a image/png"),
        (gemini(fileData={"mimeType": "text/html", "fileUri": ADDRESS}), "Unsupported MIME type: text/html"),
        (gemini_inline("image/gif", GIF), "Unsupported MIME type: image/gif"),
        (gemini_inline("image/png", "?"), "Base64 decoding failed"),
        (gemini_inline("image/png", written(b"text")), "Unable to process input image"),
    ],
)
async def test_what_the_provider_would_refuse_is_refused(call: tuple[str, dict[str, Any]], words: str) -> None:
    status, said = await said_to(*call)
    assert status == 400
    assert words in said


async def test_the_system_shows_no_images() -> None:
    path, body = anthropic(type="url", url=ADDRESS)
    shown = [{"type": "image", "source": {"type": "url", "url": ADDRESS}}]
    assert (await said_to(path, body | {"system": shown}))[0] == 400
    path, body = gemini(text="Hi.")
    parts = [{"fileData": {"mimeType": "image/png", "fileUri": ADDRESS}}]
    assert (await said_to(path, body | {"systemInstruction": {"parts": parts}}))[0] == 400


@pytest.mark.parametrize(
    "call", [openai_image(ADDRESS), anthropic(type="url", url=ADDRESS), gemini_inline("image/png", PNG)]
)
async def test_a_blind_model_takes_none(call: tuple[str, dict[str, Any]]) -> None:
    status, said = await said_to(*call, blind_models=("simulated",))
    assert (status, "does not take images" in said) == (400, True)
    assert (await said_to(*call, blind_models=("other",)))[0] == 200


@pytest.mark.parametrize(
    ("call", "tokens"),
    [
        (openai_image(ADDRESS), 765),
        (openai_image(f"data:image/png;base64,{PNG}"), 765),
        (anthropic(type="url", url=ADDRESS), 1369),
        (gemini_inline("image/png", PNG), 1032),
    ],
)
async def test_an_image_is_billed_as_one_of_a_thousand_pixels_square(
    call: tuple[str, dict[str, Any]], tokens: int
) -> None:
    path, body = call
    async with Simulator(Settings(port=0)) as simulator, aiohttp.ClientSession() as session:
        async with session.post(simulator.address + path, data=orjson.dumps(body)) as response:
            assert response.status == 200
        [entry] = simulator.bill.entries
    assert entry.tokens is not None
    assert tokens < entry.tokens.input < tokens + 80
