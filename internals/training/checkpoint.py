"""The checkpoint of a run: what training keeps on disk, and how it stops and resumes."""

import json
import math
import time

from internals.core.keras_loader import keras

import numpy as np

from internals.core.files import fail, write_file
from internals.runs import identity
from internals.runs.hyperparameters import is_number
from internals.training import chance_level, distributed

COLUMNS = {"epoch", "accuracy", "loss", "val_accuracy", "val_loss", "learning_rate", "seconds"}


class Stop(Exception):
    """Training ends before its last epoch."""

    def __init__(self, status, exit_status, reason):
        super().__init__(reason)
        self.status, self.exit_status = status, exit_status


class Checkpoint(keras.callbacks.Callback):
    """Shuffle the images before each epoch; after it, keep on disk all that a later start needs.

    checkpoint.npz holds the finished epochs, every variable of network and optimizer (the state of
    the dropout layers included) and, with `keep_best`, the weights of the best epoch.
    """

    def __init__(self, run, model, batches, quiet):
        super().__init__()
        self.run, self.batches, self.quiet = run, batches, quiet
        self.warned = False
        self.path = run.folder / "checkpoint.npz"
        self.rows, self.best = [], None  # rows of history.csv
        self.signal_number = None
        model.optimizer.build(model.trainable_variables)
        self.variables = [*model.variables, *model.optimizer.variables]
        self.weights = model.weights

    def restore(self):
        """Go back to the last finished epoch, if there is one."""
        self.rows = []
        if not self.path.exists():
            if self.run.record["epochs_done"]:
                fail(f"{self.path} is missing; without it the run cannot go on")
            return
        try:
            with np.load(self.path, allow_pickle=False) as saved:
                arrays = {name: saved[name] for name in saved.files}
            rows = self.finished_rows(int(arrays["epochs"]))
            recipe = json.loads(str(arrays["recipe"])) if "recipe" in arrays else {}
            self.check_recipe(recipe)
            for index, variable in enumerate(self.variables):
                variable.assign(arrays[f"variable{index}"])
            if self.run.hyperparameters.keep_best:
                self.best = [arrays[f"best{index}"] for index in range(len(self.weights))]
            self.rows = rows
        except Exception as error:  # a damaged file can raise nearly anything
            words = f"{type(error).__name__}: {error}".splitlines()[0][:200]
            fail(f"{self.path} or history.csv beside it is damaged: {words}")

    def go_on(self):
        """Go back to where a resumed run stopped, say so, and record that it is running."""
        self.restore()
        if self.run.hyperparameters.resume:
            done = len(self.rows)
            where = f"after epoch {done}" if done else "with epoch 1: none was finished"
            print(f"It goes on {where}")
        self.run.save(status="running")

    def finished_rows(self, epochs):
        """Return the rows of history.csv for the epochs that the checkpoint has finished."""
        rows = self.run.history().to_dict("records")
        if not 1 <= epochs <= len(rows) <= epochs + 1:  # one more: killed before the checkpoint
            raise ValueError(f"{epochs} epochs in the checkpoint, {len(rows)} in the history")
        if any(set(row) != COLUMNS or not all(map(is_number, row.values())) for row in rows):
            raise ValueError("the history lacks columns or numbers")
        if [row["epoch"] for row in rows] != [*range(1, len(rows) + 1)]:
            raise ValueError("the history's epochs are not 1, 2, 3 and so on")
        return rows[:epochs]

    def check_recipe(self, saved):
        """End the program where the checkpoint belongs to another recipe than the run now has."""
        now = identity.facts_to_go_on(self.run.record)
        if obstacle := saved and identity.find_obstacle(saved, now):
            name, was, now = obstacle
            fail(
                f"{self.path} was trained with {name} {was!r}, not {now!r}; "
                "a run goes on as it began, or with more epochs"
            )

    def request_stop(self, number):
        """Ask training to end after the batch, because of a signal."""
        self.signal_number = number

    def on_epoch_begin(self, epoch, logs=None):
        self.batches.shuffle(epoch)
        if keras.backend.backend() == "torch":  # its dropout draws from PyTorch's own generator
            keras.utils.set_random_seed((self.run.hyperparameters.seed + epoch) % 2**32)
        self.started = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self.on_test_batch_end(batch)
        if not math.isfinite(logs["loss"]):
            values = self.run.hyperparameters
            reason = (
                f"the loss became {logs['loss']}. Likely the updates are too large: learning_rate "
                f"is {values.learning_rate}, momentum {values.momentum}; try a third of the "
                "first, or less of the second"
            )
            raise Stop("diverged", 1, reason)

    def on_test_batch_end(self, batch, logs=None):
        if number := distributed.max_over_processes(self.signal_number):
            raise Stop("interrupted", 128 + number, "interrupted")

    def on_epoch_end(self, epoch, logs=None):
        row = {"epoch": epoch + 1}
        row |= {name: logs[name] for name in ("accuracy", "loss", "val_accuracy", "val_loss")}
        row["learning_rate"] = float(self.model.optimizer.learning_rate)
        row["seconds"] = round(time.perf_counter() - self.started, 3)
        self.rows.append(row)
        if self.run.hyperparameters.keep_best and self.best_epoch() == epoch + 1:
            self.best = [keras.ops.convert_to_numpy(weight) for weight in self.weights]
        self.run.save_history(self.rows)
        write_file(self.path, self.save)
        self.run.save(epochs_done=epoch + 1)
        if not self.quiet:
            print(
                f"epoch {epoch + 1}/{self.params['epochs']}"
                f"  loss {row['loss']:.4f}  accuracy {row['accuracy']:.4f}"
                f"  val_loss {row['val_loss']:.4f}  val_accuracy {row['val_accuracy']:.4f}"
                f"  {row['seconds']:.1f} s",
                flush=True,
            )
        known = row["accuracy"], row["loss"], self.batches.labels
        if not self.warned and chance_level.is_at_chance_level(*known):
            self.warned = True
            print(f"No better than guessing so far. If that lasts, {chance_level.ADVICE}")

    def best_epoch(self):
        """Return the epoch with the lowest validation loss, counted from 1."""
        return min(self.rows, key=lambda row: row["val_loss"])["epoch"]

    def save(self, path):
        arrays = {
            f"variable{index}": keras.ops.convert_to_numpy(variable)
            for index, variable in enumerate(self.variables)
        }
        arrays |= {f"best{index}": weight for index, weight in enumerate(self.best or [])}
        recipe = json.dumps(identity.facts_to_go_on(self.run.record))
        np.savez(path, epochs=len(self.rows), recipe=recipe, **arrays)

    def end(self):
        """Record the end of training, say how it came, and go back to the best epoch if wanted."""
        run, epochs = self.run, len(self.rows)
        run.save(epochs_done=epochs, seconds=round(sum(row["seconds"] for row in self.rows), 3))
        if run.stop:
            run.save(status=run.stop.status)  # now, whatever happens to the report
            print(f"Epoch {epochs + 1} of {run.hyperparameters.epochs}: {run.stop}")
        if not epochs:
            run.release()
            print("No epoch was finished: there is no accuracy to report")
            if run.stop.status == "interrupted":
                print(run.how_to_go_on())
            raise SystemExit(run.stop.exit_status)
        if run.stop and run.stop.status == "interrupted":
            print("Evaluating the epochs that are done; a second Ctrl-C skips that", flush=True)
        if run.hyperparameters.keep_best:
            for weight, best in zip(self.weights, self.best, strict=True):
                weight.assign(best)
            run.save(best_epoch=self.best_epoch())
            print(f"Kept the weights of epoch {self.best_epoch()}: the lowest validation loss")
