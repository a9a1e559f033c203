"""The first page of a folder of results: no run has ended yet, and it shows those that train."""

from internals.core.files import write_text
from internals.runs import live


def announce(run):
    """Write the page where there is none, which later ones replace, and print its address."""
    if not (results := live.find_results(run.folder, run.script)):
        return
    try:
        if not (results / live.PAGE).exists():
            from internals.comparison import page  # here, because it is needed once

            template = page.TEMPLATES.get_template("first_page.html")
            live.prepare(results)
            text = template.render(generator=page.GENERATOR, files=live.FILES)
            write_text(results / live.PAGE, text)
    except OSError as error:
        print(f"The page that shows how it learns cannot be written: {error}")
    else:
        print(f"to watch:   {live.find_address(results)}")
