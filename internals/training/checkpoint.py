"""The checkpoint of a run: what training keeps on disk, and how it stops and resumes."""

import functools
import math
import time
import zlib

from internals.core.keras_loader import keras

import numpy as np

from internals.core.files import fail
from internals.core.terminal import say
from internals.runs import live
from internals.runs.run_reader import COLUMNS
from internals.training import chance_level, checkpoint_file, compiled, distributed, phases


class Stop(Exception):
    """Training ends before its last epoch."""

    def __init__(self, status, exit_status, reason, advice=""):
        super().__init__(reason + advice)
        self.status, self.exit_status, self.reason = status, exit_status, reason


def values_of(variables):
    """Return what variables hold, as arrays."""
    return [keras.ops.convert_to_numpy(variable) for variable in variables]


def digest(values):
    """Return a number that differs where these arrays do."""
    return functools.reduce(lambda crc, value: zlib.crc32(value.tobytes(), crc), values, 0)


class Checkpoint(keras.callbacks.Callback):
    """Shuffle the images before each epoch; after it, keep on disk all that a later start needs.

    checkpoint.npz holds the finished epochs, every variable of network and optimizer (the state of
    the dropout layers included) and, with `keep_best`, the weights of the best epoch. A phase is
    one call of `train`: each of several goes on from the epochs and weights of those before.
    """

    def __init__(self, run, model, batches, validation, epochs, has_bar):
        super().__init__()
        run.phase += 1
        self.run, self.batches, self.validation = run, batches, validation
        self.epochs, self.has_bar = epochs, has_bar  # Keras's, on a terminal
        self.path = run.folder / "checkpoint.npz"
        self.rows, self.best = [], None  # rows of history.csv
        self.first = 0  # epochs of the phases before
        self.fits_from = 0  # epochs before whose weights would not fit this network
        self.signal_number, self.warned = None, False
        model.optimizer.build(model.trainable_variables)
        self.network, self.of_network, self.weights = model, model.variables, model.weights
        self.variables = [*self.of_network, *model.optimizer.variables]
        self.accuracy = compiled.find_accuracy(model)  # the name that Keras has for it
        self.start = values_of(self.of_network) if run.phase > 1 else []

    def go_on(self, callbacks=()):
        """Go back to where the phase has come, if it has begun, and record that the run is running.

        Return whether it is to be trained: of a resumed run a later phase may have begun.
        """
        phase = self.restore()
        if phase > self.run.phase:
            return False
        if len(self.rows) > self.first:
            self.tell_of_averages(callbacks)
        self.saved = digest(values_of(self.of_network))
        phases.record_phase(self.run, self.network, self.first, self.target())
        self.run.record.pop("reason", None)
        self.run.save(status="running")
        self.run.live = self.run.live or live.LiveRun(self.run)
        self.tell("training")
        resumed, done = self.run.hyperparameters.resume, len(self.rows)
        if resumed and (done > self.first or not self.first):
            where = f"after epoch {done}" if done else "with epoch 1: none was finished"
            print(f"It goes on {where}")
        return True

    def tell(self, state):
        """Tell open pages what the run does, and its epochs so far."""
        self.run.live.tell(state, self.rows, self.target())

    def restore(self):
        """Go back to the last finished epoch, and return its phase; 1 where there is no epoch.

        Where it is that of an earlier phase, the network is as it was when this one began.
        """
        self.rows, phase = [], self.run.phase
        if not self.path.exists():
            if self.run.record["epochs_done"]:
                fail(f"{self.path} is missing; without it the run cannot go on")
            return phase
        arrays, self.rows = checkpoint_file.read(self.path, self.run)
        phase = int(arrays.get("phase", 1))
        try:
            if phase == self.run.phase:
                self.first = int(arrays.get("first", 0))
                saved = [arrays[f"variable{index}"] for index in range(len(self.variables))]
                self.assign(self.variables, saved)
            elif phase < self.run.phase:
                self.first = len(self.rows)
                self.assign(self.of_network, self.start)
            if self.run.hyperparameters.keep_best and phase <= self.run.phase:
                self.best = [arrays[name] for name in arrays if name.startswith("best")]
                self.fits_from = int(arrays.get("fits_from", 0))
                if [each.shape for each in self.best] != [(*w.shape,) for w in self.weights]:
                    if phase == self.run.phase:
                        raise ValueError("the best epoch's weights are others than the network's")
                    self.best, self.fits_from = None, len(self.rows)  # the network has grown
        except (KeyError, ValueError) as error:
            checkpoint_file.fail_damaged(self.path, error)
        return phase

    def tell_of_averages(self, callbacks):
        """Let SwapEMAWeights know that the network has the averages, as at the end of an epoch."""
        for each in callbacks:
            if isinstance(each, keras.callbacks.SwapEMAWeights):
                saved = values_of(self.variables)
                each.set_model(self.network)
                each.set_params({"epochs": self.target()})
                each.on_epoch_end(len(self.rows) - 1)
                self.assign(self.variables, saved)

    def assign(self, variables, values):
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)

    def target(self):
        """Return how many epochs the run has when this phase has ended."""
        if self.run.record.get("ended_by_callback", 0) >= self.run.phase:
            return len(self.rows)
        return self.first + self.epochs

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
        if not math.isfinite(logs.get("loss", 0)):
            raise self.diverged(f"the loss became {logs['loss']}")

    def diverged(self, what):
        """Return what ends training after `what`, with advice."""
        values = self.run.hyperparameters
        words = f"learning_rate is {values.learning_rate}; try a third of it"
        if "optimizer" in self.run.record["edits"]:  # which may have no such values
            words = "try a third of the optimizer's learning rate"
        elif values.optimizer != "adam" and values.momentum:
            words += f", or less momentum than {values.momentum}"
        return Stop("diverged", 1, what, f". Likely the updates are too large: {words}")

    def on_test_batch_end(self, batch, logs=None):
        if number := distributed.max_over_processes(self.signal_number):
            raise Stop("interrupted", 128 + number, "interrupted")

    def on_epoch_end(self, epoch, logs=None):
        seconds = round(time.perf_counter() - self.started, 3)
        values = values_of(self.variables)
        self.saved = digest(values[: len(self.of_network)])
        self.run.record.pop("set_by_callback", None)
        if not all(np.isfinite(value).all() for value in values[: len(self.of_network)]):
            raise self.diverged("the last update of the epoch made weights that are no numbers")
        self.rows.append(self.make_row(epoch, logs, seconds))
        if self.run.hyperparameters.keep_best and self.best_epoch() == epoch + 1:
            self.best = values_of(self.weights)
        self.run.save_history(self.rows)
        self.save(values)
        self.run.save(epochs_done=epoch + 1)
        self.tell("training")
        row = self.rows[-1]
        if not self.has_bar:
            names = ("loss", "accuracy", "val_loss", "val_accuracy")
            words = "  ".join(f"{name} {row[name]:.4f}" for name in names)
            where = f"epoch {epoch + 1}/{self.params['epochs']}"
            print(f"{where}  {words}  {row['seconds']:.1f} s", flush=True)
        if not self.warned and chance_level.is_guessing(
            row["accuracy"], self.network, self.validation
        ):
            self.warned = True
            labels, names = self.batches.labels, self.run.record["data"]["class_names"]
            updates, weights = (epoch + 1) * len(self.batches), self.run.record["class_weight"]
            advice = chance_level.advise(labels, names, updates, weights)
            say(f"No better than guessing so far. If that lasts, {advice}")

    def make_row(self, epoch, logs, seconds):
        """Return the row of history.csv: COLUMNS, and the script's own metrics after them."""
        rate = logs.get("learning_rate", self.network.optimizer.learning_rate)
        row = {"epoch": epoch + 1}
        for name in COLUMNS[1:5]:  # accuracy and loss, in training and validation
            row[name] = logs.get(name.replace("accuracy", self.accuracy), math.nan)
        row |= {"learning_rate": float(rate), "seconds": seconds}
        for name, value in logs.items():
            if name not in row and name.removeprefix("val_") != self.accuracy:
                parts = np.atleast_1d(value).ravel().tolist()  # such as a number for each class
                names = [name] if len(parts) == 1 else [f"{name}_{i}" for i in range(len(parts))]
                row |= dict(zip(names, parts, strict=True))
        return row

    def best_epoch(self):
        """Return the epoch with the lowest validation loss, counted from 1."""
        rows = self.rows[self.fits_from :]
        return min(rows, key=lambda row: np.nan_to_num(row["val_loss"], nan=np.inf))["epoch"]

    def save(self, values):
        """Write checkpoint.npz with these values of all variables."""
        place = {"epochs": len(self.rows), "phase": self.run.phase, "first": self.first}
        place["fits_from"] = self.fits_from
        place["has_loss"] = any(math.isfinite(row["loss"]) for row in self.rows)
        checkpoint_file.write(self.path, self.run.record, place, values, self.best)

    def end(self):
        """Record the end of training, say how it came, and go back to the best epoch if wanted."""
        run, epochs = self.run, len(self.rows)
        if not run.stop and epochs < self.target():
            run.record["ended_by_callback"] = run.phase
        optimizer = compiled.find_optimizer(self.network)
        averaged = getattr(optimizer, "use_ema", False)  # Keras puts the averages in, each time
        if not run.stop and not averaged and digest(values_of(self.of_network)) != self.saved:
            run.record["set_by_callback"] = True  # such as EarlyStopping
            self.save(values_of(self.variables))
        run.save(epochs_done=epochs, seconds=round(sum(row["seconds"] for row in self.rows), 3))
        self.tell("evaluating")
        if run.stop:  # recorded now, whatever happens to the report
            run.save(status=run.stop.status, reason=run.stop.reason)
            if self.has_bar:
                print()  # the progress bar has not ended its line
            say(f"Epoch {epochs + 1} of {self.target()}: {run.stop}")
        if not epochs:
            run.release()
            print("No epoch was finished: there is no accuracy to report")
            if run.stop.status == "interrupted":
                say(run.how_to_go_on())
            raise SystemExit(run.stop.exit_status)
        if run.stop and run.stop.status == "interrupted":
            print("Evaluating the epochs that are done; a second Ctrl-C skips that", flush=True)
        if run.hyperparameters.keep_best and self.best:
            self.assign(self.weights, self.best)
            run.save(best_epoch=self.best_epoch())
            print(f"Kept the weights of epoch {self.best_epoch()}: the lowest validation loss")
