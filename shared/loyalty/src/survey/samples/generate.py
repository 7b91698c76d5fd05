"""Writes results.csv: results of surveys with their 95 % intervals, by statsmodels.

    pip install statsmodels && python generate.py > results.csv

Each line is a random sample: how many answers, how many of them high (4–5, or promoters) and
low (1–2, or detractors); the share of the high ones with Wilson's interval, as statsmodels has
it; and high less low with its interval: the two Wilson intervals put together by square and
add (Newcombe 1998; Zou and Donner 2008). The correlation of the two shares is taken from the
covariance matrix of a multinomial sample, not from a closed formula.
"""

import math
import random

import numpy
from statsmodels.stats.proportion import proportion_confint

SAMPLES = 1000


def wilson(count, n):
    return proportion_confint(count, n, alpha=0.05, method="wilson")


def correlation(shares, n):
    shares = numpy.array(shares)
    covariance = (numpy.diag(shares) - numpy.outer(shares, shares)) / n
    one, other = covariance[0, 0], covariance[1, 1]
    return covariance[0, 1] / math.sqrt(one * other) if one > 0 and other > 0 else 0.0


def difference(high, low, n):
    p, q = high / n, low / n
    (p_from, p_to), (q_from, q_to) = wilson(high, n), wilson(low, n)
    r = correlation([p, q, 1 - p - q], n)

    def reach(a, b):
        return math.sqrt(max(0.0, numpy.array([a, -b]) @ [[1, r], [r, 1]] @ numpy.array([a, -b])))

    value = p - q
    return value, value - reach(p - p_from, q_to - q), value + reach(p_to - p, q - q_from)


def some(chance):
    """A share, now and then none or all."""
    return chance.choices([0, chance.random(), 1], weights=[1, 8, 1])[0]


def main():
    chance = random.Random(20261123)
    print("answers,high,low,share,share_low,share_high,net,net_low,net_high")
    for _ in range(SAMPLES):
        n = round(10 ** chance.uniform(0, 4))
        high = round(n * some(chance))
        low = round((n - high) * some(chance))
        share = high / n, *wilson(high, n)
        values = [*share, *difference(high, low, n)]
        print(n, high, low, *(f"{value:.12f}" for value in values), sep=",")


if __name__ == "__main__":
    main()
