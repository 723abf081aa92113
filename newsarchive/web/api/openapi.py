"""/openapi.json, and the same for people at /api: made from the routes, with nothing fetched from elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse, Response

from newsarchive.version import VERSION
from newsarchive.web.api import v1
from newsarchive.web.context import AtDoor

router = APIRouter(include_in_schema=False)

ABOUT = """The archive as JSON. Lists come in pages: `next` is the cursor of the page that follows. Every answer has an
ETag; send it back as If-None-Match. Errors are problems in the form of RFC 9457. Ids are those of the index and others
after a rebuild: what lasts are URLs, timestamps and digests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter of a call."""

    name: str
    where: str
    """path or query."""
    required: bool
    kind: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What can be asked for."""

    path: str
    summary: str
    meaning: str
    parameters: tuple[Parameter, ...]
    answer: str
    """Name of the shape that comes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What comes back."""

    name: str
    meaning: str
    fields: tuple[Parameter, ...]


@router.get("/openapi.json")
def openapi(door: AtDoor) -> Response:
    """The API's description for programs."""
    return door.tagged(JSONResponse(description()))


@router.get("/api")
def described(door: AtDoor) -> Response:
    """The API's description for people."""
    schema = description()
    return door.page("api.html", etag=True, about=ABOUT, calls=tuple(_calls(schema)), shapes=tuple(_shapes(schema)))


@lru_cache(maxsize=1)
def description() -> dict[str, Any]:
    """The description. The API alone stands in it: pages and the field's own protocols are described by themselves."""
    alone = FastAPI(title="newsarchive", version=VERSION, description=ABOUT)
    alone.include_router(v1.router)
    schema = alone.openapi()
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for operations in schema["paths"].values():
        # The browser answers 400 where FastAPI would say 422.
        operations["get"]["responses"].pop("422", None)
        for status, given in operations["get"]["responses"].items():
            if status != "200":
                given["content"] = problem
    for unused in ("HTTPValidationError", "ValidationError"):
        schema["components"]["schemas"].pop(unused, None)
    return schema


def _calls(schema: dict[str, Any]) -> Iterator[Call]:
    for path, operations in schema["paths"].items():
        call = operations["get"]
        content = call["responses"]["200"]["content"]["application/json"]
        yield Call(
            path=path,
            summary=call["summary"],
            meaning=call.get("description", ""),
            parameters=tuple(_parameter(each) for each in call.get("parameters", ())),
            answer=_kind(content["schema"]),
        )


def _parameter(given: dict[str, Any]) -> Parameter:
    return Parameter(
        name=given["name"],
        where=given["in"],
        required=given.get("required", False),
        kind=_kind(given["schema"]),
        meaning=given.get("description", ""),
    )


def _shapes(schema: dict[str, Any]) -> Iterator[Shape]:
    for name, shape in sorted(schema["components"]["schemas"].items()):
        required = set(shape.get("required", ()))
        fields = tuple(
            Parameter(
                name=field,
                where="",
                required=field in required,
                kind=_kind(given),
                meaning=given.get("description", ""),
            )
            for field, given in shape.get("properties", {}).items()
        )
        if fields:
            yield Shape(name=name, meaning=shape.get("description", ""), fields=fields)


def _kind(given: dict[str, Any]) -> str:
    """A JSON type in words.

    >>> _kind({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]})
    'date-time or null'
    >>> _kind({"type": "array", "items": {"$ref": "#/components/schemas/Link"}})
    'list of Link'
    """
    if "$ref" in given:
        return str(given["$ref"].rpartition("/")[2])
    if "anyOf" in given:
        return " or ".join(_kind(one) for one in given["anyOf"])
    if "enum" in given:
        return " or ".join(str(one) for one in given["enum"])
    if given.get("type") == "array":
        return f"list of {_kind(given.get('items', {}))}"
    return str(given.get("format") or given.get("type") or "any")
