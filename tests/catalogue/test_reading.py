"""Catalogue files: what they give when right, and what is said, with which line and field, when wrong."""

import hashlib
from decimal import Decimal
from pathlib import Path

import pytest

from headchef.catalogue import DEFAULT_PATH, BadCatalogue, Prices, Quota, load

GOOD = """\
defaults:
  model: small
providers:
  acme:
    base_url: https://api.acme.test/v1
    api_key_env: ACME_KEY
lanes:
  default:
    provider: acme
models:
  small:
    lane: default
    prices: {input: 0.15, output: "0.60"}
  large:
    lane: default
    provider_model: acme-large-2
    max_output_tokens: 8192
    structured_output: none
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "catalogue.yaml"
    path.write_text(text)
    return path


def faults(folder: Path, text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(BadCatalogue) as caught:
        load(write(folder, text))
    assert str(caught.value).count("\n") == len(caught.value.faults)
    return [(fault.line, fault.field, fault.message) for fault in caught.value.faults]


def test_models_know_their_lane_provider_and_prices(tmp_path: Path) -> None:
    catalogue = load(write(tmp_path, GOOD))
    small, large = catalogue.models["small"], catalogue.models["large"]
    assert catalogue.default_model == "small"
    assert (small.lane, small.provider, small.provider_model) == ("default", "acme", "small")
    assert small.prices == Prices(
        input=Decimal("0.15"), output=Decimal("0.60"), cached_input=Decimal("0.15"), cache_write=Decimal("0.1875")
    )
    assert (large.provider_model, large.max_output_tokens, large.prices) == ("acme-large-2", 8192, None)
    assert catalogue.lanes["default"].provider.api_key_env == "ACME_KEY"


def test_the_version_is_the_hash_of_the_content(tmp_path: Path) -> None:
    first = load(write(tmp_path, GOOD)).version
    assert first == hashlib.sha256(GOOD.encode()).hexdigest()[:16]
    assert load(write(tmp_path, GOOD)).version == first
    assert load(write(tmp_path, GOOD + "# dearer soon\n")).version != first


def test_the_packaged_catalogue_has_a_simulated_model_on_the_default_lane() -> None:
    catalogue = load()
    assert catalogue.default_model == "simulated"
    assert catalogue.models["simulated"].lane == "default"
    assert catalogue.models["simulated"].prices is not None


def test_the_documented_example_is_right() -> None:
    assert load(DEFAULT_PATH.with_name("example.yaml")).models["fast"].provider_model == "qwen3:8b"


@pytest.mark.parametrize(
    ("before", "after", "line", "field", "says"),
    [
        ("lane: default\n    prices", "lane: fast\n    prices", 12, "models.small.lane", "known are default"),
        ("provider: acme", "provider: acmee", 9, "lanes.default.provider", "known are acme"),
        ("model: small", "model: tiny", 2, "defaults.model", "known are small, large"),
        ("input: 0.15", "input: -1", 13, "models.small.prices.input", "US dollars per million input tokens"),
        ("input: 0.15", "input: .nan", 13, "models.small.prices.input", "US dollars"),
        ('output: "0.60"', "output: free", 13, "models.small.prices.output", "US dollars"),
        (', output: "0.60"', "", 13, "models.small.prices.output", "is missing"),
        ("max_output_tokens: 8192", "max_output_token: 8192", 17, "models.large.max_output_token", "did you mean"),
        ("max_output_tokens: 8192", "max_output_tokens: 0", 17, "models.large.max_output_tokens", "output limit"),
        ("structured_output: none", "structured_output: yes", 18, "models.large.structured_output", "json_object"),
        ("base_url: https://api.acme.test/v1", "base_url: api.acme.test", 5, "providers.acme.base_url", "such as http"),
        ("https://api.acme", "https://me:secret@api.acme", 5, "providers.acme.base_url", "holds a credential"),
        ("https://api.acme.test/v1", "${ACME", 5, "providers.acme.base_url", "${NAME}"),
        ("api_key_env: ACME_KEY", "api_key_env: sk-1234", 6, "providers.acme.api_key_env", "environment variable"),
        ("api_key_env: ACME_KEY", "api_key: sk-1234", 6, "providers.acme.api_key", "did you mean api_key_"),
        ("lanes:\n  default:", "lanes:\n  Default Lane:", 8, "lanes.Default Lane", "match"),
        ("  large:", "  small:", 14, "models.small", "given twice, first on line 11"),
        ("lanes:\n  default:\n    provider: acme\n", "", 1, "lanes", "is missing"),
        ("models:", "models: [", 0, "", "is not YAML"),
    ],
)
def test_a_fault_names_line_field_and_what_would_be_right(
    tmp_path: Path, before: str, after: str, line: int, field: str, says: str
) -> None:
    assert before in GOOD
    found = faults(tmp_path, GOOD.replace(before, after, 1))
    if line:
        assert (line, field) in [(fault[0], fault[1]) for fault in found]
    assert says in " ".join(message for _, where, message in found if where == field)
    assert "secret" not in repr(found)
    assert "sk-1234" not in repr(found)


def test_a_model_is_checked_against_the_dialect_of_its_provider(tmp_path: Path) -> None:
    text = GOOD.replace("    base_url", "    dialect: anthropic\n    base_url").replace(
        "output: none", "output: json_object"
    )
    (limit, way) = faults(tmp_path, text)
    assert limit == (12, "models.small.max_output_tokens", limit[2])
    assert "wants an output limit" in limit[2]
    assert way == (19, "models.large.structured_output", way[2])
    assert "json_schema or none" in way[2]
    [unknown] = faults(tmp_path, GOOD.replace("    base_url", "    dialect: cohere\n    base_url"))
    assert unknown == (5, "providers.acme.dialect", unknown[2])
    assert "openai, anthropic or gemini" in unknown[2]


def test_the_provider_s_cache_is_used_as_its_dialect_has_it(tmp_path: Path) -> None:
    silent = load(write(tmp_path, GOOD)).models["large"]
    text = GOOD.replace("prices: {", "max_output_tokens: 9\n    prices: {cached_input: 0.01, cache_write: 0.2, ")
    spoken = load(write(tmp_path, text.replace("    base_url", "    dialect: anthropic\n    base_url")))
    marked = load(write(tmp_path, f"{GOOD}    cache_breakpoints: true\n    cacheable_tokens: 512\n")).models["large"]
    assert (silent.cache_breakpoints, silent.cacheable_tokens) == (False, 1024)
    assert (marked.cache_breakpoints, marked.cacheable_tokens) == (True, 512)
    assert spoken.models["small"].cache_breakpoints
    assert spoken.models["small"].prices == Prices(
        input=Decimal("0.15"), output=Decimal("0.60"), cached_input=Decimal("0.01"), cache_write=Decimal("0.2")
    )


@pytest.mark.parametrize(
    ("before", "after", "field", "says"),
    [
        ("    base_url", "    dialect: gemini\n    prompt_cache_key: true\n    base_url", "providers.acme", "gemini"),
        ("output: none", "output: none\n    cacheable_tokens: 0", "models.large", "fewest tokens"),
        ("provider: acme\n", "provider: acme\n    cached_input_counts: false\n", "lanes.default", "give that too"),
    ],
)
def test_what_cannot_be_said_of_a_cache_is_refused(
    tmp_path: Path, before: str, after: str, field: str, says: str
) -> None:
    [(_, where, message)] = faults(tmp_path, GOOD.replace(before, after, 1))
    assert where.startswith(f"{field}.")
    assert says in message


def test_gemini_takes_no_marks(tmp_path: Path) -> None:
    text = GOOD.replace("    base_url", "    dialect: gemini\n    base_url")
    [(line, field, message)] = faults(tmp_path, f"{text}    cache_breakpoints: true\n")
    assert (line, field) == (20, "models.large.cache_breakpoints")
    assert "caches by itself" in message


def test_a_model_names_those_that_stand_in_for_it(tmp_path: Path) -> None:
    models = load(write(tmp_path, f"{GOOD}    fallback: [small]\n")).models
    assert (models["large"].fallback, models["small"].fallback) == (("small",), ())


@pytest.mark.parametrize(
    ("named", "line", "field", "says"),
    [
        ("[small, medium]", 19, "models.large.fallback.1", "there is no model 'medium'; known are small, large"),
        ("[large]", 19, "models.large.fallback.0", "is the model itself, which has failed by then; name another one"),
        ("\n    - small\n    - small", 21, "models.large.fallback.1", "names 'small' twice; each model is asked once"),
        ("small", 19, "models.large.fallback", "names of the models to ask, in order"),
        ("[a, b, c, d, e, f, g, h, i]", 19, "models.large.fallback", "at most 8"),
    ],
)
def test_what_cannot_stand_in_is_refused(tmp_path: Path, named: str, line: int, field: str, says: str) -> None:
    [(at, where, message)] = faults(tmp_path, f"{GOOD}    fallback: {named}\n")
    assert (at, where) == (line, field)
    assert says in message


def test_a_tier_names_models_in_the_order_in_which_they_are_asked(tmp_path: Path) -> None:
    catalogue = load(write(tmp_path, f"{GOOD}tiers:\n  cheap: [small, large]\n  good: [large]\n"))
    assert catalogue.tiers == {"cheap": ("small", "large"), "good": ("large",)}
    assert load(write(tmp_path, GOOD)).tiers == {}


def test_a_tier_may_have_the_name_of_a_model_and_as_many_models_as_one_with_all_its_stand_ins(tmp_path: Path) -> None:
    others = [f"m{number}" for number in range(8)]
    entries = "".join(f"  {name}: {{lane: default}}\n" for name in others)
    catalogue = load(write(tmp_path, f"{GOOD}{entries}tiers: {{small: [small, {', '.join(others)}]}}\n"))
    assert catalogue.tiers["small"] == ("small", *others)


@pytest.mark.parametrize(
    ("named", "line", "field", "says"),
    [
        ("[small, medium]", 20, "tiers.cheap.1", "there is no model 'medium'; known are small, large"),
        ("\n    - small\n    - small", 22, "tiers.cheap.1", "names 'small' twice; each model is asked once"),
        ("[]", 20, "tiers.cheap", "has 0 models; give a list of one to 9 models of this file"),
        ("[a, b, c, d, e, f, g, h, i, j]", 20, "tiers.cheap", "has 10 models; give a list of one to 9"),
        ("small", 20, "tiers.cheap", "is no list; give a list of one to 9 models"),
        ("", 20, "tiers.cheap", "such as [small, large]"),
        ("[5]", 20, "tiers.cheap.0", "valid string"),
    ],
)
def test_what_is_no_tier_is_refused(tmp_path: Path, named: str, line: int, field: str, says: str) -> None:
    [(at, where, message)] = faults(tmp_path, f"{GOOD}tiers:\n  cheap: {named}\n")
    assert (at, where) == (line, field)
    assert says in message


def test_a_misspelled_list_of_tiers_is_named(tmp_path: Path) -> None:
    assert (19, "tier", "unknown field; did you mean tiers?") in faults(tmp_path, f"{GOOD}tier: {{cheap: [small]}}\n")


def test_a_lane_has_a_quota(tmp_path: Path) -> None:
    limits = """    requests_per_minute: 500
    tokens_per_minute: 200000
    input_tokens_per_minute: 150000
    output_tokens_per_minute: 100000
    concurrency: 50
"""
    text = GOOD.replace("    provider: acme\n", f"    provider: acme\n{limits}")
    quota = load(write(tmp_path, text)).lanes["default"].quota
    assert quota.a_minute == {
        "requests": 500,
        "tokens": 200_000,
        "input_tokens": 150_000,
        "output_tokens": 100_000,
    }
    assert (quota.concurrency, quota.abandoned_calls) == (50, "go_on")
    ended = load(write(tmp_path, text.replace("concurrency: 50", "concurrency: 50\n    abandoned_calls: end")))
    assert ended.lanes["default"].quota.abandoned_calls == "end"
    assert load(write(tmp_path, GOOD)).lanes["default"].quota == Quota()


@pytest.mark.parametrize(
    ("limit", "said", "says"), [("", "end", "give that too"), ("    concurrency: 50\n", "stop", "go_on")]
)
def test_what_cannot_be_said_of_abandoned_calls_is_refused(tmp_path: Path, limit: str, said: str, says: str) -> None:
    lane = f"    provider: acme\n{limit}    abandoned_calls: {said}\n"
    [(line, field, message)] = faults(tmp_path, GOOD.replace("    provider: acme\n", lane))
    assert (line, field) == (11 if limit else 10, "lanes.default.abandoned_calls")
    assert says in message


def test_all_faults_are_listed_in_the_order_of_their_lines(tmp_path: Path) -> None:
    text = GOOD.replace("input: 0.15", "input: -1").replace("lane: default\n    provider", "lan: default\n    provider")
    assert [(line, field) for line, field, _ in faults(tmp_path, text)] == [
        (13, "models.small.prices.input"),
        (14, "models.large.lane"),
        (15, "models.large.lan"),
    ]


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words", "\t", "defaults: *nowhere", "{a: b", "&a [*a]"])
def test_a_file_of_another_shape_is_named_as_such(tmp_path: Path, text: str) -> None:
    assert faults(tmp_path, text)


def test_a_missing_file_and_one_that_is_no_text_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadCatalogue, match=r"nowhere\.yaml: cannot be read"):
        load(tmp_path / "nowhere.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"caf\xe9: 1")
    with pytest.raises(BadCatalogue, match="UTF-8"):
        load(tmp_path / "latin.yaml")


def test_a_model_takes_images_where_its_input_says_so(tmp_path: Path) -> None:
    models = load(
        write(tmp_path, GOOD.replace("    lane: default\n", "    lane: default\n    input: [text, image]\n", 1))
    ).models
    assert (models["small"].takes_images, models["large"].takes_images) == (True, False)
    assert models["small"].image_tokens == 4784
    said = GOOD + "    image_tokens: 258\n"
    assert load(write(tmp_path, said)).models["large"].image_tokens == 258
    assert load(DEFAULT_PATH).models["simulated"].takes_images


@pytest.mark.parametrize(
    ("line", "field", "message"),
    [
        ("input: [image]", "models.large.input", "has no text, which every prompt is; give [text] or [text, image]"),
        ("input: []", "models.large.input", "has no text"),
        ("input: [text, image, image]", "models.large.input", "names a kind twice; give [text] or [text, image]"),
        ("input: [text, video]", "models.large.input.1", "Input should be 'text' or 'image'"),
        ("image_tokens: 0", "models.large.image_tokens", "the most input tokens that an image counts for"),
    ],
)
def test_a_wrong_input_is_named(tmp_path: Path, line: str, field: str, message: str) -> None:
    [(number, named, said)] = faults(tmp_path, f"{GOOD}    {line}\n")
    assert (number, named) == (GOOD.count("\n") + 1, field)
    assert message in said
