"""Draw what one kernel makes of one place of a photograph: three colours, one sum.

python docs/pictures/channels.py
"""

from drawing import ORANGE, flower, new_figure, np, save, write_number

from convolution import draw_numbers, mark

# a kernel that answers where red is strong and green is weak, and that looks at the middle most
KERNEL = np.array([[[1, 2, 1]] * 3, [[-1, -2, -1]] * 3, [[0, 0, 0]] * 3])
BIAS = -100
SIGNS = "purple: +, orange: \N{MINUS SIGN}"
PLACE, SIZE = (12, 4), 5  # of the piece of the photograph that is drawn


def draw():
    row, column = PLACE
    piece = flower()[row : row + SIZE, column : column + SIZE].astype(int)
    figure = new_figure(10, 6.4)
    panels = figure.subplots(3, 3, width_ratios=[5, 3, 4])
    sums = []
    for channel, (name, colors) in enumerate(
        (("red", "Reds_r"), ("green", "Greens_r"), ("blue", "Blues_r"))
    ):
        image, kernel, words = panels[channel]
        shown = image.imshow(piece[..., channel], cmap=colors, vmin=0, vmax=255)
        for place, number in np.ndenumerate(piece[..., channel]):
            write_number(image, shown, place, number, fontsize=9)
        image.set_title(f"{name}, {SIZE} x {SIZE} of 32 x 32", fontsize=11)
        image.set(xticks=[], yticks=[])
        mark(image, (1, 1), 3, ORANGE)
        title = f"{SIGNS if channel == 0 else ''}\nkernel's part for {name}"
        draw_numbers(kernel, title, KERNEL[channel], "PuOr", -3, 3)
        kernel.set_anchor("C")
        sums.append(int((piece[1:4, 1:4, channel] * KERNEL[channel]).sum()))
        words.axis("off")
        text = f"sum of 9 products: {sums[-1]:,}".replace("-", "\N{MINUS SIGN}")
        words.text(0, 0.5, text, fontsize=12, va="center")
    total = sum(sums) + BIAS
    terms = " + ".join(f"({number:,})" if number < 0 else f"{number:,}" for number in [*sums, BIAS])
    text = f"the three sums and the bias, {BIAS}:   {terms} = {total:,},   after ReLU "
    text = f"{text}{max(total, 0):,}".replace("-", "\N{MINUS SIGN}")
    figure.supxlabel(text, fontsize=12)
    return figure


if __name__ == "__main__":
    save(draw(), __file__)
