"""The generator of random draws.

Every random call takes the generator's next draw index; element i of draw d under seed s is a
function of (s, d, i) alone (Philox4x32-10), so results do not depend on threads or call sites.
"""

from __future__ import annotations

from . import capture

_LIMIT = 1 << 64


class Generator:
    """A seed and the index of the next draw."""

    __slots__ = ("draw", "seed")

    def __init__(self, seed: int = 0) -> None:
        self.manual_seed(seed)

    def manual_seed(self, seed: int) -> Generator:
        """Starts the sequence of draws anew.

        Raises:
            TypeError: seed is no int.
            ValueError: seed is not in [-2^63, 2^64).
        """
        if not isinstance(seed, int):
            raise TypeError(f"manual_seed: seed: expected an int, got {type(seed).__name__}")
        if not -(_LIMIT >> 1) <= seed < _LIMIT:
            raise ValueError(f"manual_seed: seed: expected an int in [-2**63, 2**64), got {seed}")
        capture.reseeded(self)
        self.seed = seed % _LIMIT
        self.draw = 0
        return self

    def initial_seed(self) -> int:
        return self.seed

    def next_draw(self) -> int:
        """The index of the next draw, which is then taken."""
        draw = self.draw
        self.draw = draw + 1
        return draw

    def get_state(self) -> tuple[int, int]:
        return self.seed, self.draw

    def set_state(self, state: tuple[int, int]) -> None:
        if not (isinstance(state, tuple | list) and [type(x) for x in state] == [int, int]):
            raise TypeError(f"set_rng_state: state: expected (seed, draw index), got {state!r}")
        seed, draw = state
        if not 0 <= draw < _LIMIT:
            raise ValueError(f"set_rng_state: state: expected a draw index from 0 on, got {draw}")
        capture.refuse_if_capturing("the state of a generator is set", "set it outside")
        self.manual_seed(seed)
        self.draw = draw


default_generator = Generator(0)


def next_draw(generator: Generator | None) -> tuple[int, int]:
    """Seed and draw index of a random call, of the default generator where none is given."""
    generator = default_generator if generator is None else generator
    if not isinstance(generator, Generator):
        raise TypeError(
            f"generator: expected a fastdl.Generator or None, got {type(generator).__name__}"
        )
    capture.drawn(generator)
    return generator.seed, generator.next_draw()


def manual_seed(seed: int) -> Generator:
    """Seeds the default generator, from which all random ops draw; returns it."""
    return default_generator.manual_seed(seed)


def initial_seed() -> int:
    """The seed of the default generator."""
    return default_generator.seed


def get_rng_state() -> tuple[int, int]:
    """The state of the default generator: (seed, next draw index)."""
    return default_generator.get_state()


def set_rng_state(state: tuple[int, int]) -> None:
    """Puts the default generator back to a state of `get_rng_state`."""
    default_generator.set_state(state)
