#!/usr/bin/env python3
"""Golden numbers of the classic models, by scikit-learn: prints what tests/ml/*_test.cpp hold.

    tests/parity/golden/models.py FOLDER    with iris.csv and diabetes.csv (label in the last column)
"""
import sys

import numpy as np
from sklearn.cluster import KMeans
from sklearn.linear_model import LinearRegression


def table(name):
    rows = [line.rstrip("\n").split(",") for line in open(f"{sys.argv[1]}/{name}.csv")][1:]
    return np.array([[float(x) for x in row[:-1]] for row in rows]), [row[-1] for row in rows]


def numbers(values):
    return ", ".join(f"{x:.17g}" for x in np.ravel(values))


x, y = table("diabetes")
model = LinearRegression().fit(x, np.array([float(v) for v in y]))
print("diabetes, least squares: intercept", numbers([model.intercept_]))
print("  coefficients", numbers(model.coef_))

x, _ = table("iris")
for iterations in (1, 2, 3, 20):
    model = KMeans(3, init=x[[0, 50, 100]], n_init=1, max_iter=iterations, tol=0, algorithm="lloyd").fit(x)
    print(f"iris from rows 0, 50, 100, {iterations} iterations: cost", numbers([model.inertia_]))
print("  centres", numbers(model.cluster_centers_))
