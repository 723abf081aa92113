"""/openapi.json, and the same as a page at /api: generated from the routes, without external resources."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse, Response

from newsarchive.version import VERSION
from newsarchive.web.api import v1
from newsarchive.web.context import Context

router = APIRouter(include_in_schema=False)

ABOUT = """The archive as JSON. Lists are paginated: `next` is the cursor of the next page. Every response has an ETag
for If-None-Match. Errors are problem details (RFC 9457). Ids belong to the index and change when it is rebuilt: URLs,
timestamps and digests are permanent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiParameter:
    """A parameter of a call, or a field of a schema."""

    name: str
    location: str
    """path or query."""
    required: bool
    type_name: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """A call of the API."""

    path: str
    summary: str
    description: str
    parameters: tuple[ApiParameter, ...]
    returns: str
    """Name of the schema of the response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSchema:
    """A schema of the API."""

    name: str
    description: str
    fields: tuple[ApiParameter, ...]


@router.get("/openapi.json")
def openapi_json(context: Context) -> Response:
    """Return the OpenAPI document."""
    return context.add_etag(JSONResponse(build_openapi()))


@router.get("/api")
def api_page(context: Context) -> Response:
    """Return the documentation page of the API."""
    schema = build_openapi()
    return context.render(
        "api.html", etag=True, about=ABOUT, calls=tuple(_list_calls(schema)), schemas=tuple(_list_schemas(schema))
    )


@lru_cache(maxsize=1)
def build_openapi() -> dict[str, Any]:
    """Return the OpenAPI document of /api/v1. Pages and standard protocols are not part of it."""
    app = FastAPI(title="newsarchive", version=VERSION, description=ABOUT)
    app.include_router(v1.router)
    schema = app.openapi()
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for operations in schema["paths"].values():
        # The application returns 400 where FastAPI would return 422.
        operations["get"]["responses"].pop("422", None)
        for status, given in operations["get"]["responses"].items():
            if status != "200":
                given["content"] = problem
    for unused in ("HTTPValidationError", "ValidationError"):
        schema["components"]["schemas"].pop(unused, None)
    return schema


def _list_calls(schema: dict[str, Any]) -> Iterator[ApiCall]:
    for path, operations in schema["paths"].items():
        call = operations["get"]
        content = call["responses"]["200"]["content"]["application/json"]
        yield ApiCall(
            path=path,
            summary=call["summary"],
            description=call.get("description", ""),
            parameters=tuple(_parameter(each) for each in call.get("parameters", ())),
            returns=_type_name(content["schema"]),
        )


def _parameter(given: dict[str, Any]) -> ApiParameter:
    return ApiParameter(
        name=given["name"],
        location=given["in"],
        required=given.get("required", False),
        type_name=_type_name(given["schema"]),
        description=given.get("description", ""),
    )


def _list_schemas(schema: dict[str, Any]) -> Iterator[ApiSchema]:
    for name, model in sorted(schema["components"]["schemas"].items()):
        required = set(model.get("required", ()))
        fields = tuple(
            ApiParameter(
                name=field,
                location="",
                required=field in required,
                type_name=_type_name(given),
                description=given.get("description", ""),
            )
            for field, given in model.get("properties", {}).items()
        )
        description = model.get("description", "")
        if "enum" in model:
            description = f"{_type_name(model)}. {description}"
        yield ApiSchema(name=name, description=description, fields=fields)


def _type_name(given: dict[str, Any]) -> str:
    """Return a readable name of a JSON type.

    >>> _type_name({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]})
    'date-time or null'
    >>> _type_name({"type": "array", "items": {"$ref": "#/components/schemas/LinkItem"}})
    'list of LinkItem'
    """
    if "$ref" in given:
        return str(given["$ref"].rpartition("/")[2])
    if "anyOf" in given:
        return " or ".join(_type_name(one) for one in given["anyOf"])
    if "enum" in given:
        return " or ".join(str(one) for one in given["enum"])
    if given.get("type") == "array":
        return f"list of {_type_name(given.get('items', {}))}"
    return str(given.get("format") or given.get("type") or "any")
