"""What the newspaper says about itself, on every page."""

NAME = "The Alder Bay Lantern"
TAGLINE = "Local news for Alder Bay and the islands since 1911"

AI_DISCLAIMER = (
    "AI Disclaimer: Some of the material published by The Alder Bay Lantern is prepared with the assistance of "
    "automated tools, including software that suggests headlines, transcribes interviews, translates statements and "
    "checks spelling. Every article is read by an editor before it appears, but errors may remain, and automated "
    "tools may leave out context, repeat an outdated figure or attribute a statement to the wrong person. The Alder "
    "Bay Lantern makes no warranty, express or implied, as to the completeness, accuracy or timeliness of such "
    "material and accepts no liability for decisions taken on the strength of it. Nothing on this site is legal, "
    "medical or financial advice. Readers who notice a mistake are asked to write to corrections@lantern.example, "
    "stating the headline and the date of the article; corrections are printed at the foot of the article concerned. "
    "By continuing to read you acknowledge that you have taken note of this disclaimer, which applies to all articles "
    "irrespective of how they were prepared."
)

NEWSLETTER_HEAD = "Newsletter"
NEWSLETTER_TEXT = "Get the morning's headlines from Alder Bay in your inbox, six days a week. Unsubscribe at any time."

PLAYER = ("0:00", "0:00", "Close")
"""What is left of a video player for those who do not run its script."""
