"""The colours of all charts and of the page, told apart with any colour vision, and the dashes."""

# Okabe and Ito's blue, vermilion, green and purple, then two of our own: their orange, sky blue and
# yellow are too pale for a line on white. All have a contrast of 3:1 with white and with #121212.
BLUE, VERMILION, GREEN, PURPLE = "#0072b2", "#d55e00", "#009e73", "#cc79a7"
COLORS = (BLUE, VERMILION, GREEN, PURPLE, "#543cfc", "#c0103c")
DASHES = ("solid", "dash", "dot", "dashdot")  # as Plotly calls them
MATPLOTLIB_DASHES = {"solid": "-", "dash": "--", "dot": ":", "dashdot": "-."}
MARKERS = "osD^"  # of Matplotlib, by the dash

# Of words and marks: dark enough for small letters on white, 4.5:1.
RIGHT_COLOR, WRONG_COLOR = BLUE, "#b34a00"


def style_of(place):
    """Return colour and dash of what is drawn at this place, counted from 0: 24 differ."""
    return COLORS[place % len(COLORS)], DASHES[place // len(COLORS) % len(DASHES)]
