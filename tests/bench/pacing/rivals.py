"""Two known ways to adapt a limit of calls at once, as they are described where they come from."""

from math import sqrt


class Aimd:
    """One more after as many clean answers as there may be calls, half after a refusal or an error (llm-d's router)."""

    def __init__(self, most: int) -> None:
        self._limit, self._most, self._clean, self._cut_s = 5.0, most, 0, 0.0

    @property
    def limit(self) -> int:
        return int(self._limit)

    def failed(self, began_s: float, now_s: float) -> None:
        if began_s >= self._cut_s:
            self._limit, self._cut_s, self._clean = max(1.0, self._limit / 2), now_s, 0

    def answered(self, model: str, began_s: float, now_s: float, output_tokens: int, at_once: int) -> None:
        self._clean += 1
        if self._clean >= self._limit and at_once >= self._limit - 1:
            self._limit, self._clean = min(self._limit + 1, self._most), 0


class Gradient:
    """Netflix's Gradient2: long mean of the time against the last, tolerance 1.5, window 600; half after a failure."""

    def __init__(self, most: int) -> None:
        self._limit, self._most, self._cut_s = 5.0, most, 0.0
        self._long_s, self._answers = 0.0, 0

    @property
    def limit(self) -> int:
        return int(self._limit)

    def failed(self, began_s: float, now_s: float) -> None:
        if began_s >= self._cut_s:
            self._limit, self._cut_s = max(1.0, self._limit / 2), now_s

    def answered(self, model: str, began_s: float, now_s: float, output_tokens: int, at_once: int) -> None:
        short_s = (now_s - began_s) / max(output_tokens, 1)
        self._answers += 1
        self._long_s += (short_s - self._long_s) / min(self._answers, 600)
        if self._long_s > 2 * short_s:
            self._long_s *= 0.95
        if at_once < self._limit / 2:
            return
        gradient = max(0.5, min(1.0, 1.5 * self._long_s / short_s))
        wanted = self._limit * gradient + sqrt(self._limit)
        self._limit = min(max(0.8 * self._limit + 0.2 * wanted, 1.0), self._most)
