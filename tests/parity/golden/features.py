#!/usr/bin/python3
"""Writes features.hpp beside this file: what scikit-learn's and SciPy's feature stages do, in float64.

Debian's python3-sklearn: /usr/bin/python3 tests/parity/golden/features.py
"""
import os

import numpy
import scipy.fft
import sklearn
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.decomposition import PCA
from sklearn.feature_selection import f_classif, f_regression
from sklearn.preprocessing import StandardScaler

cancer = load_breast_cancer()
diabetes = load_diabetes(scaled=False)
digits = load_digits().data
wave = [3.0, -1.0, 4.0, 1.0, -5.0, 9.0, 2.0]


def braces(numbers):
    return "{" + ", ".join(repr(float(x)) for x in numbers) + "}"


def largest_positive(components):
    """Of each row the entry of largest magnitude."""
    places = numpy.argmax(numpy.abs(components), axis=1)
    return components * numpy.sign(components[numpy.arange(len(components)), places])[:, None]


def pca(name, rows, k):
    fitted = PCA(k, svd_solver="full").fit(rows)
    components = largest_positive(fitted.components_)
    centred = (rows[:2] - fitted.mean_) @ components.T
    return (f"inline const PcaCase {name}{{\n    {braces(fitted.explained_variance_ratio_)},\n"
            f"    {braces(components.T.ravel())},\n    {braces(centred.ravel())}}};\n")


scaler = StandardScaler().fit(cancer.data)
anova = f_classif(cancer.data, cancer.target)
regression = f_regression(diabetes.data, diabetes.target)

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "features.hpp"), "w") as out:
    out.write(f"""#pragma once
/// Made by features.py beside this file with scikit-learn {sklearn.__version__}. Do not edit.
// clang-format off

#include <vector>

namespace lockstep::tests::golden {{

using List = std::vector<double>;

// breast_cancer, StandardScaler: scale is the population's deviation, sqrt((n - 1) / n) of the sample's.
inline const List kCancerMean{braces(scaler.mean_)};
inline const List kCancerPopulationScale{braces(scaler.scale_)};

// breast_cancer against its class, f_classif; diabetes (not scaled) against its target, f_regression.
inline const List kCancerAnovaF{braces(anova[0])};
inline const List kCancerAnovaP{braces(anova[1])};
inline const List kDiabetesRegressionF{braces(regression[0])};
inline const List kDiabetesRegressionP{braces(regression[1])};

struct PcaCase {{
  List shares;
  List pc;      ///< [features, k] row-major, the largest entry of each column positive
  List scores;  ///< [2, k] of the first two rows, centred
}};
""")
    out.write(pca("kCancerPca", cancer.data, 3))
    out.write(pca("kDigitsPca", digits, 4))
    out.write(f"""
// SciPy's dct and idct, norm="ortho".
inline const List kWave{braces(wave)};
inline const List kWaveDct{braces(scipy.fft.dct(wave, norm="ortho"))};
inline const List kWaveInverseDct{braces(scipy.fft.idct(wave, norm="ortho"))};

}}  // namespace lockstep::tests::golden
""")
