"""The beats of music that was played without regard to the file's tempo: found in the onsets.

Onsets, weighted by how many notes start together and how low they are, are a curve in time. Its autocorrelation, with the
preference of listeners for beats of about half a second, gives the length of a beat; a dynamic programme then lays beats on the
curve, as evenly as the curve allows (Ellis, *Beat Tracking by Dynamic Programming*, JNMR 2007).
"""

import numpy as np
from numpy.typing import NDArray

FRAMES_PER_SECOND = 100
SLOWEST = 50.0
"""The slowest beat that is found, in quarter notes a minute."""
_FASTEST = 180.0
_PREFERRED, _PREFERENCE_OCTAVES = 95.0, 0.9  # the centre and deviation of listeners' preference, here for pop songs
_EVENNESS = 200.0
_SPREAD_FRAMES = 2.0


def track_beats(seconds: NDArray[np.float64], pitches: NDArray[np.int64]) -> NDArray[np.float64]:
    """When the beats are, in seconds, from before the first onset to after the last.

    Args:
        seconds: onsets, ascending.
        pitches: of the notes that start there.
    """
    curve = _onset_curve(seconds, pitches)
    period = _period(curve)
    frames = _lay(curve, period)
    beats = (frames - 50) / FRAMES_PER_SECOND
    beats = _smooth(beats)
    length = beats[1] - beats[0] if len(beats) > 1 else period / FRAMES_PER_SECOND
    count = max(int(np.ceil((beats[0] - seconds[0]) / length)), 0)
    return np.concatenate([beats[0] - length * np.arange(count, 0, -1), beats])


def _onset_curve(seconds: NDArray[np.float64], pitches: NDArray[np.int64]) -> NDArray[np.float64]:
    """Frames of a hundredth second, half a second of silence before the start: how much starts there."""
    length = int(seconds[-1] * FRAMES_PER_SECOND) + 200
    curve = np.zeros(length)
    np.add.at(curve, np.rint(seconds * FRAMES_PER_SECOND).astype(int) + 50, 1 + np.clip((60 - pitches) / 24, 0, 1))
    taps = np.arange(-6, 7)
    curve = np.convolve(np.sqrt(curve), np.exp(-0.5 * (taps / _SPREAD_FRAMES) ** 2), "same")
    return curve / (curve.std() + 1e-9)


def _period(curve: NDArray[np.float64]) -> float:
    """The length of a beat in frames, in fractions."""
    centred = curve - curve.mean()
    spectrum = np.abs(np.fft.rfft(centred, 2 ** int(np.ceil(np.log2(2 * len(curve)))))) ** 2
    correlation = np.fft.irfft(spectrum)[: len(curve)]
    lags = np.arange(60 * FRAMES_PER_SECOND / _FASTEST, 60 * FRAMES_PER_SECOND / SLOWEST, 0.25)
    lags = lags[lags * 4 < len(curve) - 2]
    if not len(lags):
        return 60 * FRAMES_PER_SECOND / _PREFERRED
    strength = sum(np.interp(n * lags, np.arange(len(correlation)), correlation) for n in (0.5, 1, 2, 4))
    octaves = np.log2(60 * FRAMES_PER_SECOND / lags / _PREFERRED)
    return float(lags[(strength * np.exp(-0.5 * (octaves / _PREFERENCE_OCTAVES) ** 2)).argmax()])


def _lay(curve: NDArray[np.float64], period: float) -> NDArray[np.float64]:
    """The frames of the beats."""
    steps = np.arange(round(period / 2), round(period * 2) + 1)
    cost = -_EVENNESS * np.log(steps / period) ** 2
    before = int(steps[-1])
    total, origin = np.concatenate([np.full(before, -np.inf), curve]), np.full(len(curve), -1)
    block = int(steps[0])  # no beat follows another sooner, so the frames of a block do not depend on each other
    for first in range(block, len(curve), block):
        frames = np.arange(first, min(first + block, len(curve)))
        reached = total[before + frames[:, None] - steps] + cost
        best = reached.argmax(axis=1)
        gain = reached[np.arange(len(frames)), best]
        follows = gain > 0
        total[before + frames[follows]] += gain[follows]
        origin[frames[follows]] = frames[follows] - steps[best[follows]]
    frame = len(curve) - round(period) + int(total[-round(period) :].argmax())
    laid = [frame]
    while origin[laid[-1]] >= 0:
        laid.append(int(origin[laid[-1]]))
    return np.array(laid[::-1], dtype=float)


def _smooth(beats: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each beat where a straight line through its neighbours has it: frames are coarser than beats are even."""
    if len(beats) < 9:
        return beats
    offsets = np.arange(-4, 5)
    padded = np.concatenate([2 * beats[0] - beats[4:0:-1], beats, 2 * beats[-1] - beats[-2:-6:-1]])
    return np.mean([padded[4 + offset : 4 + offset + len(beats)] for offset in offsets], axis=0)
