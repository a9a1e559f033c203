"""compare.py from the command line."""

import subprocess
import sys

from conftest import ROOT, write_run


def test_command_line(results):
    def run(*arguments):
        command = [sys.executable, ROOT / "compare.py", *map(str, arguments)]
        return subprocess.run(command, cwd=results.parent, capture_output=True, text=True)

    process = run("--script", "4layerCNN")
    assert process.returncode == 0, process.stderr
    assert "50.00%" in process.stdout and "75.00%" not in process.stdout
    assert process.stdout.count("confuses most") == 2
    write_run(results, "4layerCNN", 4, name=r"$\frac$", seed=[1])
    assert (results / "charts" / "confusion_difference.png").is_file()
    process = run()
    assert process.returncode == 0, process.stderr
    assert not (results / "charts" / "confusion_difference.png").exists()
    wrong = run("nowhere")
    assert wrong.returncode == 2 and wrong.stderr == "error: nowhere is not a folder of runs\n"
    assert run("--sort", "colour").returncode == 2
