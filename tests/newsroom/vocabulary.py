"""Names and words for generated stories. The town, its people and its firms are invented."""

from collections.abc import Sequence

FIRST_NAMES = (
    ("Maren", "she"), ("Tomas", "he"), ("Adaeze", "she"), ("Callum", "he"), ("Ines", "she"), ("Rafiq", "he"),
    ("Hannah", "she"), ("Oskar", "he"), ("Yewande", "she"), ("Piotr", "he"), ("Siobhan", "she"), ("Dev", "he"),
    ("Greta", "she"), ("Luca", "he"), ("Mei", "she"), ("Jonah", "he"), ("Freya", "she"), ("Samuel", "he"),
    ("Anouk", "she"), ("Idris", "he"), ("Clara", "she"), ("Winston", "he"), ("Noor", "she"), ("Emil", "he"),
    ("Bridget", "she"), ("Mateus", "he"), ("Solveig", "she"), ("Harold", "he"), ("Zofia", "she"), ("Kwame", "he"),
)  # fmt: skip

LAST_NAMES = (
    "Holt", "Iyer", "Okonjo", "Pettigrew", "Sandvik", "Marsh", "Lindqvist", "Barrow", "Achterberg", "Quill", "Fenwick",
    "Osei", "Thorne", "Varga", "Whitlock", "Yardley", "Nakagawa", "Crane", "Dunmore", "Eastoe", "Farrant", "Gallagher",
    "Haddow", "Ibbotson", "Jessop", "Kestle", "Lomax", "Mbeki-Hall", "Nwosu", "Oyelaran", "Penhale", "Rosewarne",
    "Skinner", "Tregear", "Underhill", "Vale", "Wren", "Abernethy", "Bolitho", "Castellane", "Drewe", "Ellery",
)  # fmt: skip

PLACES = (
    "Mill Quay", "Kestrel Point", "North Fenwick", "Hatherby", "Sallow Island", "Oxmoor", "Great Tarn", "Little Tarn",
    "Portmarrow", "Castle Hill", "Lower Wick", "St Brannoc", "Gullane Cove", "Withy Bridge", "Ashgrove", "Pendle Sands",
)  # fmt: skip

STREETS = (
    "Chandler Street", "Ropewalk Lane", "Beacon Road", "Station Approach", "Victory Terrace", "Saltpan Row",
    "Oxbow Road", "Old Ferry Road", "Tannery Lane", "Lime Walk", "Customs House Street", "Windmill Rise",
)  # fmt: skip

FIRMS = (
    "Marrow & Sons", "Tidewater Freight", "Lundy Marine", "Fenwick Civil Works", "Northstrand Energy",
    "Bayline Ferries",
    "Copperhouse Foods", "Harbour & Heath", "Sallow Island Dairies", "Greywater Group", "Alder Timber", "Kestrel Homes",
)  # fmt: skip

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip

FEW = ("three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve", "fourteen")

REPORTERS = (
    "Orla Brennan", "Daniel Achebe", "Ruth Tamsin Cole", "José Ibarra", "Wilhelmina van der Meer", "Kit Sorley",
    "Priya Raman", "Anselm O'Dowd", "Jürgen Größl", "Tess Calloway",
)  # fmt: skip


def join_names(people: Sequence[str]) -> str:
    """Join names for a byline.

    >>> join_names(["A", "B", "C"])
    'A, B and C'
    """
    if len(people) < 2:
        return "".join(people)
    return f"{', '.join(people[:-1])} and {people[-1]}"
