"""Attributes and stylesheets that name addresses: read first, filled in when it is known where each leads."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from urllib.parse import urldefrag

from lxml.html import HtmlElement

from newsarchive.web.snapshot import css, srcset
from newsarchive.web.snapshot.replay_links import Kind
from storage.references import resolved


class Form(Enum):
    """What stands in a slot."""

    ADDRESS = auto()
    SRCSET = auto()
    CSS = auto()
    SHEET = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One of them."""

    element: HtmlElement
    attribute: str
    """"" for the text of a <style>."""
    form: Form
    kind: Kind
    value: str


def fill(slot: Slot, base: str, place: css.Place) -> None:
    """Write into the tree where the addresses of a slot lead; an attribute that leads nowhere is not there."""
    value = next(iter(_values(slot, base, place)), None)
    if slot.form is Form.SHEET:
        slot.element.text = css.inline(value or "")
    elif value is not None:
        slot.element.set(slot.attribute, value)
    elif slot.attribute == "href":
        slot.element.drop_tag()


def note_all(slot: Slot, base: str, note: Callable[[str, Kind], None]) -> None:
    """Tell all addresses of a slot."""

    def noting(url: str, kind: Kind) -> str | None:
        note(url, kind)
        return None

    for _ in _values(slot, base, noting):
        pass


def _values(slot: Slot, base: str, place: css.Place) -> Iterator[str]:
    """Yield the slot's value with its addresses replaced; nothing where none of them leads anywhere."""
    if slot.form in (Form.CSS, Form.SHEET):
        yield css.rewritten(slot.value, base, place)
    elif slot.form is Form.SRCSET:
        led = [(_led(url, base, slot.kind, place), descriptor) for url, descriptor in srcset.candidates(slot.value)]
        found = [(url, descriptor) for url, descriptor in led if url]
        if found:
            yield srcset.joined(found)
    elif led_to := _led(slot.value, base, slot.kind, place):
        yield led_to


def _led(written: str, base: str, kind: Kind, place: css.Place) -> str | None:
    written = written.strip()
    if written[:11].lower() == "data:image/" and kind is Kind.IMAGE:
        return written
    url = absolute(base, written) if written else None
    return place(urldefrag(url)[0], kind) if url else None


def absolute(base: str, written: str) -> str | None:
    """Return the http(s) URL that an address means; None where it means none."""
    try:
        url = resolved(base, "".join(written.split("\n")).replace("\t", "").replace("\r", "").strip())
    except ValueError:
        return None
    return url if url[:8].lower().startswith(("http://", "https://")) else None
