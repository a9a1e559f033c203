"""Draw gradient descent on a valley of two weights: three learning rates, and momentum.

python docs/pictures/descent.py
"""

from drawing import BLUE, new_figure, np, save

STEEPNESS = np.array([1.0, 20.0])  # of the loss (x^2 + 20 y^2) / 2 along each weight
START = np.array([-9.0, 1.6])
STEPS = 30


def loss(weights):
    """Return the loss for weights (..., 2)."""
    return (STEEPNESS * weights**2).sum(axis=-1) / 2


def descend(rate, momentum=0.0):
    """Return the weights before each step and after the last (STEPS + 1, 2)."""
    weights, carried, path = START, np.zeros(2), [START]
    for _ in range(STEPS):
        carried = momentum * carried - rate * STEEPNESS * weights
        weights = weights + carried
        path.append(weights)
    return np.array(path)


def draw():
    figure = new_figure(12, 3.1)
    ways = [(0.01, 0.0), (0.09, 0.0), (0.101, 0.0), (0.01, 0.9)]
    x, y = np.meshgrid(np.linspace(-10, 4, 200), np.linspace(-3, 3, 200))
    levels = 0.5 * 2.0 ** np.arange(9)
    for axes, (rate, momentum) in zip(figure.subplots(1, 4, sharey=True), ways, strict=True):
        height = loss(np.stack([x, y], axis=-1))
        axes.contour(x, y, height, levels=levels, colors="#cccccc", linewidths=0.8)
        path = descend(rate, momentum)
        axes.plot(*path.T, color=BLUE, marker=".", markersize=5, linewidth=1)
        axes.plot(0, 0, "+", color="black", markersize=10)
        words = f"rate {rate:g}" + (f", momentum {momentum:g}" if momentum else "")
        axes.set_title(f"{words}\nloss after {STEPS} steps: {loss(path[-1]):.3g}", fontsize=11)
        axes.set(xlabel="first weight", xlim=(-10, 4), ylim=(-3, 3), xticks=[], yticks=[])
        if axes.get_subplotspec().is_first_col():
            axes.set_ylabel("second weight")
    return figure


if __name__ == "__main__":
    save(draw(), __file__)
