"""The form of the file of collections, as Pydantic checks it. The descriptions are part of messages."""

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

CollectionName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9._-]{0,100}$")]
"""Also the name of a folder: letters, digits and . _ -, up to 101 characters."""

FieldName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]
EnvironmentName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


def _address(url: str) -> str:
    right = "expected an address such as http://localhost:6333"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise ValueError(f"is not an address; {right}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"is not an http or https address without query; {right}")
    if parts.username is not None or parts.password is not None:
        raise ValueError("holds a credential; name it with api_key_env or api_key_file instead")
    return url.rstrip("/")


Address = Annotated[str, AfterValidator(_address)]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Keyed(_Entry):
    """Something that may want a key, which never stands in the file itself."""

    api_key_env: EnvironmentName | None = Field(
        default=None, description="name of the environment variable that holds the API key, such as QDRANT_API_KEY"
    )
    api_key_file: str | None = Field(default=None, min_length=1, description="path of the file that holds the API key")

    @model_validator(mode="after")
    def _one_key(self) -> Self:
        if self.api_key_env is not None and self.api_key_file is not None:
            raise ValueError("give api_key_env or api_key_file, not both")
        return self


class ServerEntry(_Keyed):
    """A Qdrant server."""

    url: Address = Field(description="its address, such as http://localhost:6333")
    grpc_port: int = Field(default=6334, ge=1, le=65_535, description="of the same host, such as 6334")


class EndpointEntry(_Keyed):
    """An endpoint that speaks OpenAI's /embeddings."""

    base_url: Address = Field(description="the address before /embeddings, such as https://api.openai.com/v1")
    model: str = Field(min_length=1, max_length=200, description="as the endpoint calls it")
    dimensions: int = Field(ge=1, le=65_536, description="that its vectors have, such as 1536")
    batch: int = Field(default=64, ge=1, le=2_048, description="texts in one request, such as 64")
    timeout_s: float = Field(default=20.0, gt=0, le=600, description="seconds that one request may take, such as 20")


class HashedEntry(_Entry):
    """Hashed words and parts of words, without a model."""

    dimensions: int = Field(default=512, ge=8, le=65_536, description="that vectors have, such as 512")


class CollectionEntry(_Entry):
    """A collection: where it lies, whose it is, and what makes vectors of its texts."""

    folder: str | None = Field(
        default=None,
        min_length=1,
        description="in which it lies, for one process at a time; seen from the file",
    )
    server: ServerEntry | None = Field(default=None, description="a Qdrant server that has it, in place of a folder")
    collection: CollectionName | None = Field(default=None, description="its name there; the same if omitted")
    shared: bool = Field(default=False, description="true: all tenants see all of it")
    tenant_field: FieldName | None = Field(
        default=None, description="the payload field with the tenant that alone sees a text, such as tenant"
    )
    vector: str = Field(default="", max_length=100, description="the name of the vector; the unnamed one if omitted")
    text_field: FieldName = Field(default="text", description="the payload field with the text, such as text")
    id_field: FieldName = Field(default="id", description="the payload field with the text's id, such as id")
    hashed: HashedEntry | None = Field(default=None, description="vectors of hashed words, in place of an endpoint's")
    endpoint: EndpointEntry | None = Field(default=None, description="vectors of a model's, by an /embeddings endpoint")

    @model_validator(mode="after")
    def _fields_fit(self) -> Self:
        if (self.folder is None) == (self.server is None):
            raise ValueError("give `folder` or `server`, one of the two")
        if self.shared == (self.tenant_field is not None):
            raise ValueError("say whose it is: `shared: true`, or `tenant_field`, one of the two")
        if (self.hashed is None) == (self.endpoint is None):
            raise ValueError("give `hashed` or `endpoint`, one of the two")
        names = [self.text_field, self.id_field, *([] if self.tenant_field is None else [self.tenant_field])]
        if len(set(names)) < len(names):
            raise ValueError("text_field, id_field and tenant_field must be fields of their own")
        return self


class CollectionsFile(_Entry):
    """The whole file."""

    collections: dict[CollectionName, CollectionEntry] = Field(
        max_length=1_000, description="collections by the names that workflows say"
    )
