"""/openapi.json, and the same as a page at /api: generated from the routes, without external resources.

Also /robots.txt for search engines and /opensearch.xml for browsers.
"""

from functools import lru_cache
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse, Response

from newsarchive.version import VERSION
from newsarchive.web.api import v1
from newsarchive.web.context import Context
from newsarchive.web.jinja_env import TEMPLATES

router = APIRouter()

ABOUT = """The archive as JSON. Lists are paginated: `next` is the cursor of the next page. Every response has an ETag
for If-None-Match. Errors are problem details (RFC 9457). Ids belong to the index and change when it is rebuilt: URLs,
timestamps and digests are permanent."""
DISALLOW_ALL = "# Archived articles are the work of others.\nUser-agent: *\nDisallow: /\n"
# Captures and lists have no content of their own for search engines, and cost the archive most.
ALLOW_ARTICLES = (
    "User-agent: *\nDisallow: /web/\nDisallow: /cdx\nDisallow: /warcs/\nDisallow: /search\nDisallow: /calendar\n"
    "Disallow: /record/\nDisallow: /timegate/\nDisallow: /timemap/\nDisallow: /api/\nDisallow: /exports\n"
)


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
    for operations in schema["paths"].values():
        # The application returns 400 where FastAPI would return 422.
        operations["get"]["responses"].pop("422", None)
        for status, given in operations["get"]["responses"].items():
            if status != "200":
                given["content"] = {"application/problem+json": given["content"]["application/json"]}
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


@router.get("/robots.txt")
def robots(context: Context) -> Response:
    """Return robots.txt: search engines are excluded unless the owner allows them."""
    return Response(ALLOW_ARTICLES if context.options.allow_search_engines else DISALLOW_ALL, media_type="text/plain")


@router.get("/opensearch.xml")
def opensearch(context: Context) -> Response:
    """Return the OpenSearch description for searching from a browser's address bar."""
    text = TEMPLATES.get_template("opensearch.xml").render(name=context.name, base_url=context.public_url)
    return Response(text, media_type="application/opensearchdescription+xml")
