"""sweep.py: the plan, nothing twice and nothing lost, and runs at once, here and on a cluster."""

import io
import json
import os
import signal
import subprocess
import sys
import time

import fake_training
import joblib
import pytest
from conftest import ROOT
from made_runs import change_record, make_run

from internals.core.locks import locked
from internals.data import loading
from internals.runs.identity import is_same_run
from internals.runs.run import Run, read_record
from internals.sweep import executors, jobs, plan, script_probe

# ------------------------------------------------------------------------------------------------
# The plan


def command_lines(text):
    combinations = plan.combine(plan.parse_values(text.split()))
    return [" ".join(plan.to_arguments(each)) for each in combinations]


def test_all_values_run_with_the_first_seed_first():
    assert command_lines("--learning_rate 0.1 0.01 --seed 0 1 --epochs=2") == [
        "--seed 0 --learning-rate 0.1 --epochs 2",
        "--seed 0 --learning-rate 0.01 --epochs 2",
        "--seed 1 --learning-rate 0.1 --epochs 2",
        "--seed 1 --learning-rate 0.01 --epochs 2",
    ]
    assert command_lines("") == [""]


def test_booleans_become_the_scripts_switches():
    assert command_lines("--batch-norm true false") == ["--batch-norm", "--no-batch-norm"]
    assert command_lines("--keep-best --no-nesterov --seed 1") == [
        "--seed 1 --keep-best --no-nesterov"
    ]


@pytest.mark.parametrize(
    "arguments, message",
    [
        ("nowhere.py --seed 0", "script is 'nowhere.py'; there is no such file here"),
        ("--jobs 0 4layerCNN.py", "jobs is 0; it must be a whole number, 1 or more"),
        ("--jobs 2 --scheduler tcp://a:1 4layerCNN.py", "jobs is 2; with a scheduler"),
        ("4layerCNN.py 3 --seed 0", "'3' stands before any flag of the script"),
        ("4layerCNN.py --seed 0 --seed 1", "--seed is given twice; it takes all its values at"),
        ("4layerCNN.py --resume a", "--resume goes on with one run"),
        ("4layerCNN.py --name a b", "--name has 2 values; it can have one"),
        ("4layerCNN.py --results a b", "--results has 2 values; it can have one"),
    ],
)
def test_wrong_arguments(monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(ROOT)
    with pytest.raises(SystemExit) as end:
        plan.parse(arguments.split(), "")
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith(f"error: {message}")


def test_what_makes_two_runs_the_same():
    wanted = {
        "hyperparameters": {"seed": 0, "precision": "float32", "data": "a", "results": "b"},
        "network": "of the layers",
        "backend": "tensorflow",
        "data": {"sha256": "of the images"},
        "optimizer": "adam",
    }

    def changed(**hyperparameters):
        return wanted | {"hyperparameters": wanted["hyperparameters"] | hyperparameters}

    assert is_same_run(changed(data="elsewhere", results="c", name="d"), wanted)
    for other in (
        {name: wanted[name] for name in wanted if name != "optimizer"},  # not recorded
        changed(seed=1),
        changed(precision="bfloat16"),
        changed(augment=True),
        wanted | {"network": "of others"},
        wanted | {"backend": "jax"},
        wanted | {"data": {"sha256": "of others"}},
        wanted | {"data": None},
        wanted | {"optimizer": "sgd"},
    ):
        assert not is_same_run(other, wanted)


def test_run_whose_checkpoint_is_gone_cannot_go_on(tmp_path):
    results = tmp_path / "results"
    folder = make_run(results, 1, status="interrupted", epochs_done=3)
    wanted = read_record(folder)
    wanted["hyperparameters"]["results"] = "results"
    how = {"label": "", "script": "4layerCNN.py", "arguments": [], "sweep": "it"}
    job = jobs.Job(**how, wanted=wanted, folder=str(tmp_path))
    assert jobs.find_run(job) == (None, None)  # such as a run that was committed: trained anew
    (folder / "checkpoint.npz").touch()
    assert jobs.find_run(job)[0] == folder
    (folder / "checkpoint.npz").unlink()
    change_record(folder, epochs_done=0)  # none was finished, so none is missing
    assert jobs.find_run(job)[0] == folder
    change_record(folder, epochs_done=3, status="finished")
    assert jobs.find_run(job)[0] == folder


# ------------------------------------------------------------------------------------------------
# The script asked


@pytest.fixture
def ask(monkeypatch, capsys):
    """Return a function that asks a script in this process."""
    monkeypatch.setattr(script_probe.signal, "signal", lambda *_: None)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(Run, "probe", None)
    monkeypatch.setattr(loading, "read_images", loading.read_images)  # which a probe replaces

    def ask(script, *commands):
        monkeypatch.setattr(sys, "argv", ["asking", str(ROOT / f"{script}.py")])
        monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps([*map(str.split, commands)])))
        script_probe.main()
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    return ask


def test_real_script(ask, tmp_path, digits_folder):
    arguments = ["--data", str(digits_folder), "--epochs", "1", "--seed", "3", "--name", "first"]
    process = subprocess.run(
        [sys.executable, ROOT / "sweep.py", ROOT / "udacity_cnn.py", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    assert "1 run of" in process.stdout and "1 of 1  udacity_cnn: " in process.stdout
    assert (tmp_path / "results" / "index.html").exists()
    (folder,) = tmp_path.glob("results/udacity_cnn/*_first/")
    record = read_record(folder)
    same, other_seed, other_split = ask(
        "udacity_cnn",
        f"--data {digits_folder} --epochs 1 --seed 3",
        f"--data {digits_folder} --epochs 1 --seed 4",
        f"--data {digits_folder} --epochs 1 --seed 3 --validation-split 0.2",
    )
    assert is_same_run(record, same)
    assert not is_same_run(record, other_seed) and not is_same_run(record, other_split)
    assert other_split["data"]["images"]["validation"] == 40


@pytest.mark.parametrize(
    "text, message",
    [
        ("def main(:\n", "line 1: SyntaxError: invalid syntax"),
        ("\nimport no_such_module\n", "line 2: ModuleNotFoundError: No module named"),
        ("def main():\n    return {}['q']\n", "line 2: KeyError: 'q'"),
        ("print('hello')\n", "has no main(); it cannot be swept"),
    ],
)
def test_fault_in_a_script_is_one_line(monkeypatch, capsys, tmp_path, text, message):
    script = tmp_path / "faulty.py"
    script.write_text(text)
    monkeypatch.setattr(script_probe.signal, "signal", lambda *_: None)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(Run, "probe", None)
    monkeypatch.setattr(loading, "read_images", loading.read_images)  # which a probe replaces
    monkeypatch.setattr(sys, "argv", ["asking", str(script)])
    monkeypatch.setattr(sys, "stdin", io.StringIO('[["--seed", "0"]]'))
    with pytest.raises(SystemExit) as end:
        script_probe.main()
    assert message in (capsys.readouterr().err or str(end.value))
    assert end.value.code == 2 or "main()" in message


def test_script_that_writes_anything_to_stdout(tmp_path):
    script = tmp_path / "odd.py"
    script.write_text(
        "import os\nos.write(1, bytes([255, 10]))\nimport udacity_cnn\n"
        "main = lambda: (print('{'), os.write(1, b'{'), udacity_cnn.main())\n"
    )
    (record,) = plan.ask(str(script), [["--data", "digits", "--epochs", "1"]])
    assert record["hyperparameters"]["epochs"] == 1


def test_own_switch_and_wrong_value(ask, monkeypatch, capsys):
    loads = []
    read = loading.read_images

    def count(own):
        loads.append(own)
        return read(own)

    monkeypatch.setattr(loading, "read_images", count)
    with pytest.raises(SystemExit) as end:
        ask("vgg16", "--data digits", "--data digits --epochs 0")
    assert end.value.code == 2 and loads == []
    assert "error: epochs is 0; it must be a whole number" in capsys.readouterr().err
    monkeypatch.setattr(loading, "read_images", count)  # in place of the first probe's
    with_norm, without = ask(
        "vgg16", *(f"--data digits {each}" for each in ("--batch-norm", "--no-batch-norm"))
    )
    assert len(loads) == 1
    assert with_norm["network"] != without["network"]


# ------------------------------------------------------------------------------------------------
# Whole sweeps, of a script that trains nothing


class Sweep:
    """sweep.py started in `folder` as from a terminal; each of its scripts is a process."""

    def __init__(self, folder):
        self.folder = folder
        text = (ROOT / "tests" / "fake_training.py").read_text()
        path = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        (folder / "fake_training.py").write_text(path + text)

    def start(self, arguments):
        """Start the sweep, one run after another unless told otherwise, without waiting for it."""
        if "--jobs" not in arguments and "--scheduler" not in arguments:
            arguments = f"--jobs 1 {arguments}"
        return subprocess.Popen(
            [sys.executable, ROOT / "tests" / "sweep_fakes.py", *arguments.split()],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, arguments):
        """Return exit status and output of a sweep that has ended."""
        return end_of(self.start(arguments))

    def records(self):
        """Return the records of all runs, in the order of their seeds and values."""
        records = map(read_record, self.folder.glob("results/fake_training/*/"))
        return sorted(records, key=lambda record: str(record["hyperparameters"]))

    def wait_for(self, count, **wanted):
        """Wait until as many runs have that in their records; return their folders."""
        for _ in range(2000):
            folders = [path.parent for path in self.folder.glob("results/*/*/run.json")]
            folders = [each for each in folders if wanted.items() <= read_record(each).items()]
            if len(folders) == count:
                return folders
            time.sleep(0.01)
        raise TimeoutError(wanted)

    def go(self):
        """Let all scripts end that wait for it."""
        (self.folder / "go").touch()

    def left(self):
        return [path.name for path in self.folder.glob("results/.sweep/*")]


def end_of(process):
    output, _ = process.communicate(timeout=60)
    return process.returncode, output


@pytest.fixture
def sweep(tmp_path):
    sweep = Sweep(tmp_path)
    yield sweep
    sweep.go()


def test_failing_runs_among_good_ones(sweep):
    command = "--jobs 2 fake_training.py --value crash diverge good --seed 0 1"
    status, output = sweep.run(command)
    assert status == 1
    assert "6 runs of fake_training.py: 6 to begin; 2 at once" in output
    assert output.count("exit status 3") == 2 and output.count("    it crashes") == 2
    assert output.count(": failed\n") == 2 and output.count(": diverged, 1.0 minutes") == 2
    assert output.count(": 50.00%, 1.0 minutes") == 2
    assert "4 runs of 6 failed" in output
    assert "all will be done at about" in output
    statuses = [record["status"] for record in sweep.records()]
    assert statuses == ["running", "diverged", "finished"] * 2
    assert len(sweep.left()) == 4 and all(name.endswith(".log") for name in sweep.left())
    folder, _ = sweep.wait_for(2, status="finished")
    environment = json.loads((folder / "environment.json").read_text())
    assert environment["TF_NUM_INTRAOP_THREADS"] == str(max(1, joblib.cpu_count() // 2))
    assert environment["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"
    assert environment["KERAS_BACKEND"] == "tensorflow"
    status, output = sweep.run(command)
    assert status == 1
    assert "2 there already, 2 diverged before, 2 to go on" in output
    starts = [record["starts"] for record in sweep.records()]
    assert starts == [2, 1, 1] * 2  # what had finished or diverged was left alone


def test_nothing_twice(sweep):
    command = "fake_training.py --seed 0 1 --quick true false --name"
    assert sweep.run(f"{command} first")[0] == 0
    status, output = sweep.run(f"{command} second")
    assert status == 0 and "4 runs of fake_training.py: 4 there already\n" in output
    assert output.count("50.00 ± 0.00 % (n = 2)") == 2  # the table
    assert [record["starts"] for record in sweep.records()] == [1] * 4
    assert sweep.left() == []
    _, output = sweep.run("fake_training.py --seed 0 0 2")
    assert "2 runs of fake_training.py: 1 there already, 1 to begin" in output
    assert len(sweep.records()) == 5  # --quick is the script's own value, and 0 is there twice


def test_interrupted_and_given_again(sweep):
    command = "--jobs 2 fake_training.py --value wait --seed 0 1 2"
    for starts, number in enumerate((signal.SIGINT, signal.SIGTERM), 1):
        process = sweep.start(command)
        folders = sweep.wait_for(2, status="running", starts=starts)
        if starts == 1:  # else Ctrl-C in a terminal would reach the scripts twice
            pids = [process.pid, *(int(folder.name.rpartition("_")[2]) for folder in folders)]
            assert len(set(map(os.getpgid, pids))) == 3
        process.send_signal(number)
        status, output = end_of(process)
        assert status == 128 + number
        assert "The scripts are told to end" in output
        assert "Interrupted; the same command goes on from here" in output
        records = sweep.records()
        assert [record["status"] for record in records] == ["interrupted"] * 2
        assert [record["signals"] for record in records] == [1, 1]
        assert sweep.left() == []
    sweep.go()
    status, output = sweep.run(command)
    assert status == 0 and "2 to go on, 1 to begin" in output
    assert [record["starts"] for record in sweep.records()] == [3, 3, 1]


def test_killed_sweep_whose_script_runs_on(sweep):
    command = "fake_training.py --value wait --seed 0 1"
    process = sweep.start(command)
    sweep.wait_for(1, status="running")
    process.kill()
    end_of(process)
    second = sweep.start(command)
    sweep.wait_for(2, status="running")  # the second seed's; the first's is left to its process
    sweep.go()
    status, output = end_of(second)
    assert status == 0
    assert "1 being trained by another process, 1 to begin" in output
    assert "seed 0: another process has it; it is looked at again later" in output
    assert "2 of 2  seed 0: 50.00%" in output
    assert [record["starts"] for record in sweep.records()] == [1, 1]


def test_killed_script(sweep):
    command = "fake_training.py --value wait --seed 0 1"
    process = sweep.start(command)
    (folder,) = sweep.wait_for(1, status="running")
    os.kill(int(folder.name.rpartition("_")[2]), signal.SIGKILL)
    sweep.wait_for(2, status="running")
    sweep.go()
    status, output = end_of(process)
    assert status == 1 and "1 of 2  seed 0: failed" in output and "signal 9" in output
    status, output = sweep.run(command)
    assert status == 0 and "1 there already, 1 to go on" in output
    assert [record["starts"] for record in sweep.records()] == [2, 1]
    assert sweep.left() == []


def test_two_sweeps_share_the_runs(sweep):
    command = "fake_training.py --seed 0 1 2 3 4 5"
    for status, output in map(end_of, [sweep.start(command), sweep.start(command)]):
        assert status == 0 and "50.00 ± 0.00 % (n = 6)" in output, output
    assert [record["starts"] for record in sweep.records()] == [1] * 6


def make_job(folder):
    own = fake_training.parse([])
    return jobs.Job(
        label="",
        script="fake_training.py",
        arguments=[],
        wanted=fake_training.describe(own),
        folder=str(folder),
        sweep="this one",
    )


def test_run_that_was_typed_by_hand_is_left_to_its_process(sweep):
    job = make_job(sweep.folder)
    job.log.parent.mkdir(parents=True)
    folder = sweep.folder / "results" / "fake_training" / "2026-11-20_12-00-00"
    folder.mkdir(parents=True)
    record = job.wanted | {"script": "fake_training", "status": "running", "starts": 1}
    (folder / "run.json").write_text(json.dumps(record))
    with locked(folder):
        assert jobs.run_job(job).status == "busy"
    assert jobs.run_job(job, patient=True).status == "finished"
    assert [record["starts"] for record in sweep.records()] == [2]
    assert sweep.left() == []


def test_worker_without_the_results(tmp_path):
    outcome = jobs.run_job(make_job(tmp_path / "elsewhere"))
    assert outcome.status == "failed"
    assert f"has no {tmp_path / 'elsewhere'}" in outcome.words
    assert "under the same path" in outcome.words


# ------------------------------------------------------------------------------------------------
# A cluster


@pytest.fixture
def cluster():
    """Return a Dask cluster of two workers on this machine."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        yield cluster


def test_cluster_of_which_a_worker_is_killed(sweep, cluster):
    from distributed import Client

    command = f"--scheduler {cluster.scheduler_address} fake_training.py --value wait --seed"
    process = sweep.start(f"{command} 0 1 2 3")
    sweep.wait_for(2, status="running")
    with Client(cluster) as client:
        (address, pid), _ = client.run(os.getpid).items()
        os.kill(pid, signal.SIGKILL)
    sweep.go()
    status, output = end_of(process)
    assert status == 0, output
    assert "4 runs of fake_training.py: 4 to begin; 2 at once" in output
    assert output.count(": 50.00%") == 4
    assert [record["starts"] for record in sweep.records()] == [1] * 4


def test_cluster_interrupted(sweep, cluster):
    command = f"--scheduler {cluster.scheduler_address} fake_training.py --value wait --seed 0 1 2"
    process = sweep.start(command)
    folders = sweep.wait_for(2, status="running")
    environment = json.loads((folders[0] / "environment.json").read_text())
    assert environment["TF_NUM_INTRAOP_THREADS"] == str(max(1, joblib.cpu_count() // 2))
    process.send_signal(signal.SIGINT)
    status, output = end_of(process)
    assert status == 130, output
    assert [record["signals"] for record in sweep.records()] == [1, 1]
    sweep.go()
    assert sweep.run(command)[0] == 0
    assert [record["starts"] for record in sweep.records()] == [2, 2, 1]


def test_cluster_that_is_not_there(monkeypatch, capsys):
    monkeypatch.setattr(executors, "PATIENCE", 0.3)
    with pytest.raises(SystemExit):
        executors.DaskExecutor("tcp://127.0.0.1:9")
    assert "scheduler is 'tcp://127.0.0.1:9'; it cannot be reached" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "distributed", None)  # as where it is not installed
    with pytest.raises(SystemExit):
        executors.DaskExecutor("tcp://127.0.0.1:9")
    assert "pip install distributed" in capsys.readouterr().err
