"""Number the course's chapters by their file names, and write each one's previous and next.

A chapter begins with its number and title, then a line with the chapters around it, which is also
its last line. To insert one, rename the files after it, give it a title, and run

    python docs/programs/chapters.py

Every link to a chapter, in README.md and docs/, gets the file's new name and number.
"""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COURSE = ROOT / "docs" / "course"
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def chapters():
    """Return the chapters' paths, in order."""
    return sorted(COURSE.glob("[0-9][0-9]_*.md"))


def number_of(path):
    return int(path.name[:2])


def title_of(path):
    """Return a chapter's title without its number."""
    heading, _, _ = path.read_text(encoding="utf-8").partition("\n")
    return re.sub(r"^# (\d+\. )?", "", heading)


def named(path):
    return f"[{number_of(path)}. {title_of(path)}]({path.name})"


def around(path):
    """Return the line that leads to the course, the chapter before and the chapter after."""
    others = chapters()
    place = others.index(path)
    parts = ["[The course](../course.md)"]
    parts += [f"previous: {named(other)}" for other in others[:place][-1:]]
    parts += [f"next: {named(other)}" for other in others[place + 1 :][:1]]
    return " | ".join(parts)


def fill(text, path):
    """Return a document's text with the numbers and links as the files' names say."""
    places = {each.name[3:]: each for each in chapters()}

    def renamed(match):
        other = places.get(match["name"])
        return other.name if other else match[0]

    text = re.sub(r"\b\d\d_(?P<name>[a-z_]+\.md)\b", renamed, text)
    text = re.sub(
        r"(?P<word>[Cc]hapter\s)\d+(?P<link>\]\([\w./]*?(?P<number>\d\d)_[a-z_]+\.md)",
        lambda match: f"{match['word']}{int(match['number'])}{match['link']}",
        text,
    )
    if path.name == "course.md":
        return re.sub(r"^\d+\. \[.*?\]\(course/(.+?)\)", in_list, text, flags=re.MULTILINE)
    if path not in chapters():
        return text
    _, _, *lines = text.strip().split("\n")
    if lines[0].startswith("[The course]"):
        lines = lines[1:-2]  # with the same line at the end, and an empty one before it
    middle = "\n".join(lines).strip()
    heading = f"# {number_of(path)}. {title_of(path)}"
    return f"{heading}\n\n{around(path)}\n\n{middle}\n\n{around(path)}\n"


def in_list(match):
    """Return a chapter's entry in the list of all, from the one that was found."""
    path = COURSE / match[1]
    return f"{number_of(path)}. [{title_of(path)}](course/{path.name})"


def main():
    """Write each document whose numbers or links have changed."""
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        if (new := fill(text, path)) != text:
            path.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
