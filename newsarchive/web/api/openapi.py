"""/openapi.json, and the same as a page at /api: generated from the routes, without external resources."""

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


@router.get("/openapi.json")
def openapi_json(context: Context) -> Response:
    """Return the OpenAPI document."""
    return context.add_etag(JSONResponse(build_openapi()))


@router.get("/api")
def api_page(context: Context) -> Response:
    """Return the documentation page of the API."""
    return context.render("api.html", etag=True, about=ABOUT, schema=build_openapi(), type_name=name_type)


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


def name_type(given: dict[str, Any]) -> str:
    """Return a readable name of a JSON type.

    >>> name_type({"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]})
    'date-time or null'
    >>> name_type({"type": "array", "items": {"$ref": "#/components/schemas/LinkItem"}})
    'list of LinkItem'
    """
    if "$ref" in given:
        return str(given["$ref"].rpartition("/")[2])
    if "anyOf" in given:
        return " or ".join(name_type(one) for one in given["anyOf"])
    if "enum" in given:
        return " or ".join(str(one) for one in given["enum"])
    if given.get("type") == "array":
        return f"list of {name_type(given.get('items', {}))}"
    return str(given.get("format") or given.get("type") or "any")
