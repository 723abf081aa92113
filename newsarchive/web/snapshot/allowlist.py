"""Elements and attributes of an archived page that are kept. Everything else is removed: new ways to run or fetch
something come with new names.
"""

DROPPED = frozenset(
    "script iframe noembed noframes annotation-xml foreignobject math animate set animatetransform animatemotion "
    "animatecolor mpath discard handler listener portal fencedframe title template".split()
)
"""Removed with their content, except a template with a declarative shadow root."""

UNWRAPPED = frozenset("noscript applet embed param base bgsound isindex keygen menuitem track frame link meta".split())
"""Removed, but their content is kept: scripts do not run, so that <noscript> applies, and the parser nests following
elements in some void ones. Some link and meta elements are kept."""

RENAMED = {"xmp": "pre", "listing": "pre", "plaintext": "pre", "object": "span", "slot": "span"}

KEPT = frozenset(
    "html head body style a abbr acronym address area article aside audio b bdi bdo big blink blockquote br button "
    "canvas caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em fieldset "
    "figcaption figure font footer form h1 h2 h3 h4 h5 h6 header hgroup hr i img input ins kbd label legend li main "
    "map mark marquee menu meter nav nobr ol optgroup option output p picture pre progress q rb rp rt rtc ruby s samp "
    "search section select small source span strike strong sub summary sup table tbody td textarea tfoot th thead time "
    "tr tt u ul var video wbr "
    "svg image g path rect circle ellipse line polyline polygon text tspan textpath defs symbol use clippath mask "
    "lineargradient radialgradient stop desc marker pattern filter fegaussianblur feoffset feblend feflood fecomposite "
    "fecolormatrix femerge femergenode fedropshadow".split()
)

ATTRIBUTES = frozenset(
    "abbr align alt axis bgcolor border cellpadding cellspacing checked class clear color cols colspan compact "
    "controls coords datetime dir disabled face for frame headers height hidden high hspace id inert ismap kind label "
    "lang low max maxlength media min multiple muted noshade nowrap open optimum placeholder playsinline readonly "
    "reversed role rows rowspan rules scope selected shape size sizes span start step summary tabindex title translate "
    "type usemap valign value vspace width wrap xml:lang name "
    # of SVG
    "d x y x1 x2 y1 y2 cx cy r rx ry dx dy fx fy viewbox preserveaspectratio transform points fill fill-opacity "
    "fill-rule stroke stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit "
    "stroke-opacity stroke-width clip-path clip-rule mask opacity offset stop-color stop-opacity gradientunits "
    "gradienttransform patternunits patterncontentunits patterntransform maskunits maskcontentunits clippathunits "
    "spreadmethod font-family font-size font-style font-weight text-anchor dominant-baseline letter-spacing rotate "
    "textlength markerwidth markerheight markerunits refx refy orient version xmlns filter filterunits primitiveunits "
    "stddeviation in in2 mode result flood-color flood-opacity operator values visibility display vector-effect "
    "color-interpolation-filters".split()
)
"""Attributes without URLs or scripts. Those with URLs are in sanitizer.py."""

INPUTS = frozenset({"text", "search", "checkbox", "radio", "button", "submit", "reset", "range", "number", "date"})
"""Types of <input> that are kept. Others, such as password fields, become disabled text fields."""
